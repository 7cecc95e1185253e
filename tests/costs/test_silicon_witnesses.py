"""Estimates against published and synthesised silicon: the error itself is recorded, so that a change of it is seen.

Published rows are VERBATIM unless said otherwise; nothing is fitted to them. The table is in docs/estimates.md.
"""

from pathlib import Path

import pytest

from chipsmith.chip import load_chip
from chipsmith.chip.description import Technology
from chipsmith.chip.sram import sram
from chipsmith.chip.technology import Circuit, operation_area, operation_energy
from chipsmith.costs import estimate_area

PAGE = (Path(__file__).parents[2] / "docs" / "estimates.md").read_text()


def error_percent(estimate, published):
    return round(100 * (estimate / published - 1))


NVDLA = {
    (32, 64, 512): (5.5, -58),
    (32, 32, 256): (3.0, -56),
    (16, 32, 256): (2.3, -56),
    (16, 16, 256): (1.7, -53),
    (8, 16, 256): (1.4, -47),
    (8, 8, 128): (0.91, -48),
}
"""Rows, columns, KiB of buffer: published square millimetres, error in percent."""


def cells_mm2(rows, columns, kib):
    overrides = {"tensor.rows": rows, "tensor.columns": columns, "memory.groups": 8, "memory.group_bytes": kib * 128}
    area = estimate_area(load_chip("edge-256", {field: str(value) for field, value in overrides.items()}))
    return area.total_mm2 - area.by_component()["placement"]


@pytest.mark.parametrize("sizes", NVDLA, ids=str)
def test_cell_area_against_nvdla_at_28_nm(sizes):
    """NVDLA's primer: synthesised cells and memories of 64 to 2,048 int8 MACs with a buffer of as many bytes.

    NVDLA holds units that this machine lacks (pooling and normalisation engines, 16-bit paths, deep pipelines), so a
    count of this machine must be below it; the error is nearly the same over a factor of 32 in MACs.
    """
    published_mm2, error = NVDLA[sizes]
    assert error_percent(cells_mm2(*sizes), published_mm2) == error


def test_the_caveat_of_an_area_and_the_page_say_how_far_nvdla_is():
    factors = [published_mm2 / cells_mm2(*sizes) for sizes, (published_mm2, _) in NVDLA.items()]
    said = f"{min(factors):.1f} to {max(factors):.1f} times"
    assert said in estimate_area(load_chip("edge-256")).caveat
    assert said in PAGE
    assert f"| {', '.join(str(error) for _, error in NVDLA.values())} % |" in PAGE


def test_arithmetic_area_of_eyeriss_is_below_its_published_bound():
    """Eyeriss (JSSC 2017, 65 nm): multipliers and adders of 168 16-bit elements are 7.4 % of a core within 16 mm2."""
    each = [operation_area(operation, bits=16, node_nm=65).value for operation in (Circuit.MULTIPLY, Circuit.ADD)]
    assert error_percent(168 * sum(each) / 1e6, 0.074 * 16) == -52


def test_arithmetic_energy_against_eyeriss():
    """AlexNet's first layer: 332 mW for 16.5 ms and 421.66 M MACs; 8.9 % of it is arithmetic (SECONDARY)."""
    technology = Technology(node_nm=65, voltage_v=1.0)
    operations = (Circuit.MULTIPLY, Circuit.ADD)
    energy_pj = sum(operation_energy(operation, bits=16, technology=technology).value for operation in operations)
    assert error_percent(energy_pj, 0.332 * 16.5e-3 * 0.089 / 421.66e6 * 1e12) == 14


def test_buffers_of_the_tpu_are_below_their_published_bound():
    """TPU v1 (ISCA 2017, 28 nm): 28 MiB of buffers are 37 % of a die of at most 331 mm2."""
    assert error_percent(28 * sram(size_bytes=1 << 20, width_bits=64, node_nm=28).area_mm2.value, 0.37 * 331) == -65


SYNTHESISED = [
    (Circuit.MULTIPLY, 9, 3849.2, 9),
    (Circuit.MULTIPLY, 16, 11091.1, 20),
    (Circuit.MULTIPLY, 32, 42903.8, 24),
    (Circuit.ADD, 22, 1121.3, 43),
    (Circuit.ADD, 32, 1642.0, 42),
    (Circuit.COMPARE, 32, 943.1, -37),
    (Circuit.REGISTER, 1, 48.99, 2),
    (Circuit.GATE, 1, 7.26, 47),
]
"""Operation, bits, synthesised square micrometres, error in percent."""


def test_the_page_shows_each_error():
    for _, _, synthesised_um2, error in SYNTHESISED:
        figures = f"{synthesised_um2:,.0f}", f"{synthesised_um2:,g}"
        assert any(figure in PAGE for figure in figures), figures
        assert f"{error:+d} %" in PAGE


@pytest.mark.parametrize(("operation", "bits", "synthesised_um2", "error"), SYNTHESISED)
def test_cell_areas_against_synthesis_at_130_nm(operation, bits, synthesised_um2, error):
    """Yosys 0.70 on the open liberty of IHP SG13G2 (typical, 1.2 V); the commands are in docs/estimates.md."""
    assert error_percent(operation_area(operation, bits=bits, node_nm=130).value, synthesised_um2) == error


def test_a_column_of_the_array_against_synthesis_at_130_nm():
    """A sum of 16 products of 9 bits into a 32-bit register, synthesised flat: 76,747 um2."""
    parts = [(Circuit.MULTIPLY, 9, 16), (Circuit.ADD, 22, 15), (Circuit.REGISTER, 32, 1)]
    estimate = sum(count * operation_area(operation, bits=bits, node_nm=130).value for operation, bits, count in parts)
    assert error_percent(estimate, 76747) == 21
