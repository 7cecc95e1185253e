"""The exported folder is complete, and its testbench passes and fails as it should."""

from __future__ import annotations

import os
import subprocess

import pytest
from random_programs import TRANSFERS, random_inputs, random_program

from chipsmith.chip import load_chip
from chipsmith.rtl.build import find_verilator
from chipsmith.rtl.export import GoldenVector, write_rtl
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
    command = ["--binary", "--timing", "-Wno-fatal", "-Itestbench", "--top-module", "machine_tb", "-f", "machine.f"]
    root = find_verilator()
    subprocess.run(
        [root / "bin" / "verilator", *command, "+define+CHIPSMITH_FILL=5a", "testbench/machine_tb.sv"],
        cwd=tmp_path, env={**os.environ, "VERILATOR_ROOT": str(root)}, check=True, capture_output=True,
    )  # fmt: skip
    folder = tmp_path / "vectors" / "transfers-0"
    assert "PASS" in _run(tmp_path)
    (folder / "cycles.txt").write_text("1\n")
    assert "FAIL" in _run(tmp_path)


def _run(folder):
    command = [folder / "obj_dir" / "Vmachine_tb", "+folder=vectors/transfers-0"]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
