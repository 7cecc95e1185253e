"""The exported folder is complete, and its testbench passes and fails as it should."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from random_programs import TRANSFERS, random_inputs, random_program

from chipsmith.chip import load_chip
from chipsmith.hardware.export import GoldenVector, write_rtl
from chipsmith.hardware.register_map import register_map
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute

CHIP = load_chip("nano-64")


def golden_vector(seed: int) -> GoldenVector:
    program = random_program(CHIP, seed, 20, TRANSFERS)
    inputs = random_inputs(program, seed, 1)
    return GoldenVector(
        name=f"transfers-{seed}",
        program=program,
        inputs=inputs,
        outputs=execute(program, inputs),
        latency_cycles=simulate(program).latency_cycles,
    )


def test_the_folder_holds_sources_filelist_registers_and_vectors(tmp_path):
    write_rtl(CHIP, tmp_path, [golden_vector(0)])
    listed = (tmp_path / "machine.f").read_text().split()
    assert listed[0] == "rtl/chip.sv"
    assert all((tmp_path / name).is_file() for name in listed)
    assert {"rtl/machine.sv", "rtl/axi_machine.sv", "rtl/sram_bank.sv"} <= set(listed)
    readme = (tmp_path / "README.md").read_text()
    assert "| 0x04 | CONTROL | WO |" in readme
    assert "| 5 | ADDRESS |" in readme
    assert {path.name for path in (tmp_path / "vectors" / "transfers-0").iterdir()} == {
        "image.hex", "expected.txt", "cycles.txt",
    }  # fmt: skip


@pytest.mark.slow
def test_the_testbench_passes_a_vector_and_fails_a_spoilt_one(tmp_path, rtl_tools):
    write_rtl(CHIP, tmp_path, [golden_vector(0)])
    _build(tmp_path, rtl_tools)
    folder = tmp_path / "vectors" / "transfers-0"
    assert "PASS" in _run(tmp_path)
    (folder / "cycles.txt").write_text("1\n")
    assert "FAIL" in _run(tmp_path)


def _build(folder, tools):
    """As `verilator --binary` does, but without make, whose rules want the compiler that built Verilator."""
    translate = [tools.verilator, "--cc", "--main", "--exe", "--timing", "-Wno-fatal", "-Itestbench"]
    translate += ["+define+CHIPSMITH_FILL=5a", "--top-module", "machine_tb", "-f", "machine.f"]
    environment = {**os.environ, "VERILATOR_ROOT": str(tools.root)}
    subprocess.run([*translate, "testbench/machine_tb.sv"], cwd=folder, env=environment, check=True)
    units = [*(folder / "obj_dir").glob("*.cpp")]
    units += [tools.include / f"verilated{part}.cpp" for part in ("", "_timing", "_threads")]
    flags = ["-std=c++20", "-fcoroutines", "-DVL_TIME_CONTEXT", "-w", f"-I{tools.include}", f"-I{tools.include}/vltstd"]
    subprocess.run([tools.compiler, *flags, *units, "-lpthread", "-o", "machine_tb"], cwd=folder, check=True)


def _run(folder):
    command = [folder / "machine_tb", "+folder=vectors/transfers-0"]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def test_the_documented_registers_are_those_of_the_code():
    page = (Path(__file__).parents[2] / "docs" / "rtl.md").read_text()
    assert register_map() in page
