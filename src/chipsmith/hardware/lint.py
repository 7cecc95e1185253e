"""What Verilator and yosys say of the RTL of a chip."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from chipsmith.chip.description import Chip
from chipsmith.extras import require_package
from chipsmith.files import write_texts
from chipsmith.hardware.build import find_verilator
from chipsmith.hardware.sources import in_order, machine_sources

TOP = "machine"


def lint_machine(chip: Chip, top: str = TOP) -> str:
    """The warnings and errors of `verilator --lint-only -Wall` for a top module; empty where it finds none."""
    root = find_verilator()
    command = [str(root / "bin" / "verilator_bin"), "--lint-only", "-Wall", "--top-module", top]
    return _report(chip, command, {"VERILATOR_ROOT": str(root)})


def elaborate_machine(chip: Chip, top: str = TOP) -> str:
    """What yosys says against the sources of a top module; empty where it reads and elaborates them.

    BadInput where pyosys is missing.
    """
    require_package("pyosys", extra="rtl", task="synthesise")
    code = (
        "import sys; from pyosys import libyosys as ys; design = ys.Design();"
        "ys.run_pass('read_verilog -sv ' + ' '.join(sys.argv[2:]), design);"
        "ys.run_pass('hierarchy -check -top ' + sys.argv[1], design); ys.run_pass('proc', design);"
        "ys.run_pass('check -assert', design)"
    )
    return _report(chip, [sys.executable, "-c", code, top], {})


def _report(chip: Chip, command: list[str], environment: dict[str, str]) -> str:
    sources = machine_sources(chip)
    with tempfile.TemporaryDirectory() as folder:
        write_texts(Path(folder), sources)
        done = subprocess.run(
            [*command, *in_order(sources)],
            cwd=folder,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
    said = (done.stdout + done.stderr).strip()
    return said if done.returncode else ""
