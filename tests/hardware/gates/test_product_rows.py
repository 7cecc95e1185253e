"""Products as rows against yosys' own, for all values of both factors by its solver."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import chipsmith.hardware.gates.flow as flow

ROWS = Path(flow.__file__).with_name("product_rows.v")
PROVE = """
import sys
from pyosys import libyosys
design = libyosys.Design()
for command in sys.argv[1:]:
    libyosys.run_pass(command, design)
"""


@pytest.mark.parametrize(("a_bits", "b_bits", "y_bits"), [(4, 4, 8), (4, 3, 9), (5, 4, 7), (2, 5, 8), (6, 6, 12)])
def test_rows_are_the_product_for_all_factors(a_bits, b_bits, y_bits, tmp_path):
    pytest.importorskip("pyosys", reason="yosys proves the products")
    (tmp_path / "top.sv").write_text(
        f"module top(input signed [{a_bits - 1}:0] a, input signed [{b_bits - 1}:0] b, "
        f"output signed [{y_bits - 1}:0] y);\n  assign y = a * b;\nendmodule\n"
    )
    mapped = ["design -save gold", f"techmap -map {ROWS}", "select -assert-none t:$mul", "design -save gate"]
    both = ["design -copy-from gold -as gold top", "design -copy-from gate -as gate top"]
    proof = ["miter -equiv -flatten gold gate miter", "sat -verify -prove trigger 0 miter"]
    commands = ["read_verilog -sv top.sv", "prep -top top", *mapped, *both, *proof]
    done = subprocess.run([sys.executable, "-c", PROVE, *commands], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
