"""Liberty files: what is written, in whatever form foundries write it, is what is read."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.hardware.gates.cells import CellRole, read_cells
from chipsmith.hardware.gates.liberty import read_liberty, read_table, truth_of


def evaluate(function: str, values: dict[str, int]) -> int:
    """The witness: the function as an expression of Python."""
    text = function.replace("*", "&").replace("+", "|").replace("!", "~")
    return eval(text, {}, {name: -value for name, value in values.items()}) & 1


@pytest.mark.parametrize("function", ["!((A1*A2)+B1)", "A1^A2&B1", "!A1 & !(A2 | B1)", "(A1+A2)*!B1+A1*A2"])
def test_a_function_has_the_truth_of_its_expression(function):
    pins = ("A1", "A2", "B1")
    truth = truth_of(function, pins)
    for state, values in enumerate(itertools.product((0, 1), repeat=3)):
        assert truth >> state & 1 == evaluate(function, dict(zip(pins, values[::-1], strict=True)))


def test_other_signs_for_not_and_and():
    assert truth_of("A'", ("A",)) == truth_of("!A", ("A",)) == 0b01
    assert truth_of("A B", ("A", "B")) == truth_of("A*B", ("A", "B")) == 0b1000
    assert truth_of("1", ()) == 1


def test_a_function_of_an_unknown_pin_is_refused():
    with pytest.raises(BadInput, match="names Z"):
        truth_of("A*Z", ("A",))


def test_attributes_without_semicolons_and_lines_that_go_on(tmp_path):
    path = tmp_path / "memory.lib"
    path.write_text(
        'library (m) { cell (ram) { area : 7 ; when : "A"\n sdf_cond : "B"\n /* { */ t (x) { values ("1, 2", \\\n'
        '"3, 4") } bus (D) { pin (D[1:0]) { capacitance : 0.5; } } leak : 2; } }'
    )
    cell = next(read_liberty(path).inside("cell"))
    assert (cell.number("area"), cell.word("when"), cell.word("sdf_cond"), cell.number("leak")) == (7, "A", "B", 2)
    assert next(cell.inside("t")).values["values"] == ("1, 2", "3, 4")


def test_a_table_is_bilinear_and_stays_at_its_border(tmp_path):
    path = tmp_path / "t.lib"
    path.write_text('library (l) { t (x) { index_1 ("0, 1"); index_2 ("0, 2"); values ("0, 2", "10, 12"); } }')
    table = read_table(next(read_liberty(path).inside("t")))
    assert table.interpolate(np.array([0.5, 9.0]), np.array([1.0, 1.0])).tolist() == [6.0, 11.0]


def test_what_is_no_liberty_file_is_told(tmp_path):
    path = tmp_path / "notes.lib"
    path.write_text("module m; endmodule")
    with pytest.raises(BadInput, match=r"notes\.lib is no liberty file"):
        read_liberty(path)
    with pytest.raises(BadInput, match="there is no liberty file"):
        read_liberty(tmp_path / "absent.lib")


def test_every_cell_of_the_pdk_does_what_its_function_says(typical_cells):
    text = typical_cells.read_text()
    kinds = [kind for kind in read_cells(typical_cells).kinds.values() if kind.role is CellRole.LOGIC]
    assert len(kinds) > 50
    for kind in kinds:
        body = text[text.index(f"cell ({kind.name})") :]
        function = re.search(r'function : "([^"]+)"', body)[1]
        for state in range(1 << len(kind.inputs)):
            values = {pin: state >> index & 1 for index, pin in enumerate(kind.inputs)}
            assert kind.outputs[0].truth >> state & 1 == evaluate(function, values), (kind.name, values)
