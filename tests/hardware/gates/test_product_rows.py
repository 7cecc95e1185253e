"""Products as rows against yosys' own, for all values of both factors by its solver."""

from __future__ import annotations

import pytest

from chipsmith.hardware.gates import mapping


@pytest.mark.parametrize(("a_bits", "b_bits", "y_bits"), [(4, 4, 8), (4, 3, 9), (5, 4, 7), (2, 5, 8), (6, 6, 12)])
def test_rows_are_the_product_for_all_factors(a_bits, b_bits, y_bits, tmp_path):
    pytest.importorskip("pyosys", reason="yosys proves the products")
    (tmp_path / "top.sv").write_text(
        f"module top(input signed [{a_bits - 1}:0] a, input signed [{b_bits - 1}:0] b, "
        f"output signed [{y_bits - 1}:0] y);\n  assign y = a * b;\nendmodule\n"
    )
    mapped = ["design -save gold", f"techmap -map {mapping._ROWS}", "select -assert-none t:$mul", "design -save gate"]
    both = ["design -copy-from gold -as gold top", "design -copy-from gate -as gate top"]
    proof = ["miter -equiv -flatten gold gate miter", "sat -verify -prove trigger 0 miter"]
    commands = ["read_verilog -sv top.sv", "prep -top top", *mapped, *both, *proof]
    mapping._run_yosys(tmp_path, {"before": commands, "after": []})
