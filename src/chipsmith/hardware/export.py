"""Writes a chip's RTL to a folder: sources, filelist, constraints, core file, golden vectors, testbench, driver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from chipsmith.chip.description import Chip
from chipsmith.errors import BadInput
from chipsmith.files import write_whole
from chipsmith.hardware.build import FILL
from chipsmith.hardware.driver.files import driver_files
from chipsmith.hardware.folder.constraints import CONSTRAINTS, write_constraints
from chipsmith.hardware.folder.core import core_file, write_core
from chipsmith.hardware.folder.readme import write_readme
from chipsmith.hardware.folder.shipped import fill, read_shipped
from chipsmith.hardware.folder.vectors import testbench_files, vector_files
from chipsmith.hardware.golden import GoldenVector, list_names
from chipsmith.hardware.sources import VERIBLE_RULES, in_order, machine_sources


def write_rtl(chip: Chip, folder: Path, vectors: Sequence[GoldenVector]) -> list[Path]:
    """Write everything into `folder` (made if missing); returns the files in order.

    The vectors are of this chip, and no two have a name in common. BadInput where the folder cannot be written.
    """
    return [_write(folder / name, text) for name, text in list_files(chip, vectors).items()]


def list_files(chip: Chip, vectors: Sequence[GoldenVector]) -> dict[str, str]:
    """The text of each file of a chip's folder by its path."""
    sources = machine_sources(chip)
    rtl = [f"rtl/{name}" for name in in_order(sources)]
    testbench, data = testbench_files(vectors), vector_files(vectors)
    makefile = fill(read_shipped("folder/files/Makefile"), {"NAMES": list_names(vectors)})
    return {
        "README.md": write_readme(chip, vectors),
        **{f"rtl/{name}": text for name, text in sources.items()},
        "machine.f": "".join(f"{name}\n" for name in rtl),
        "Makefile": makefile,
        "verilator.mk": fill(read_shipped("folder/files/verilator.mk"), {"FILL": FILL}),
        VERIBLE_RULES.name: VERIBLE_RULES.read_text(encoding="utf-8"),
        CONSTRAINTS: write_constraints(chip, sources["axi_machine.sv"]),
        core_file(chip): write_core(chip, rtl=rtl, testbench=list(testbench), data=list(data), vectors=vectors),
        **testbench,
        **data,
        **_below("driver", driver_files(chip, vectors)),
    }


def _below(folder: str, files: Mapping[str, str]) -> dict[str, str]:
    return {f"{folder}/{name}": text for name, text in files.items()}


def _write(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot make the folder {path.parent}: {error.strerror or error}") from None
    write_whole(path, text.encode())
    return path
