"""yosys reads the RTL as Verilator does: its netlist of the machine runs the same programs with the same result.

yosys takes some legal SystemVerilog for something else without a word; this finds it.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
from agreement import assert_agrees_on
from random_programs import random_inputs, random_program

from chipsmith.chip import load_chip
from chipsmith.files import write_texts
from chipsmith.hardware.build import build_machine
from chipsmith.hardware.gates.flow import black_box
from chipsmith.hardware.sources import in_order, machine_sources
from chipsmith.hardware.synthesis import MACROS

CHIP = load_chip("nano-64")
SCRIPT = "import sys; from pyosys import libyosys as ys; d = ys.Design(); [ys.run_pass(one, d) for one in sys.argv[1:]]"


@pytest.fixture(scope="module")
def library(rtl_tools, tmp_path_factory):
    pytest.importorskip("pyosys", reason="pip install chipsmith[rtl]")
    folder = tmp_path_factory.mktemp("netlist")
    sources = machine_sources(CHIP)
    macros = {f"{name}.sv" for name in MACROS}
    write_texts(folder, sources | {f"{name}.sv": black_box(name) for name in MACROS})
    files = " ".join(name for name in in_order(sources) if name != "axi_machine.sv")
    passes = [
        f"read_verilog -sv {files}",
        "hierarchy -check -top machine",
        "proc",
        "opt -fast",
        "write_verilog -noattr netlist.v",
    ]
    subprocess.run([sys.executable, "-c", SCRIPT, *passes], cwd=folder, check=True, capture_output=True)
    emptied = dict.fromkeys(sources.keys() - macros, "")
    replaced = emptied | {"netlist.sv": (folder / "netlist.v").read_text()}
    return build_machine(CHIP, replaced=replaced)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_the_netlist_of_yosys_runs_programs_as_the_sources_do(library, seed):
    program = random_program(CHIP, seed, 30)
    assert_agrees_on(library, program, random_inputs(program, seed, 1))
