"""The files of a chip's RTL: the shipped SystemVerilog and the generated package."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from chipsmith.chip.description import Chip
from chipsmith.hardware.package import package_source

_FOLDER = Path(__file__).parent
_SHIPPED = _FOLDER / "sv"

BENCH = _FOLDER / "bench" / "machine_bench.cpp"
"""The C++ that clocks the machine beside a model of the external memory."""

AXI_BENCH = BENCH.with_name("axi_bench.cpp")
"""The C++ that clocks the machine on its bus between a host and a memory."""

CONTENTS = BENCH.with_name("contents.h")
"""The C++ that reads what the machine holds."""

VIOLATIONS = BENCH.with_name("violations.cpp")
"""The C++ that takes note of properties that a simulation violates."""

TESTBENCH = _FOLDER / "bench" / "machine_tb.sv"
"""The self-checking testbench of golden vectors, for any simulator."""

VERIBLE_RULES = _FOLDER / ".rules.verible_lint"
"""Which rules of verible-verilog-lint the sources keep, and why not all."""


def machine_sources(chip: Chip) -> dict[str, str]:
    """File name to text of every SystemVerilog source of a chip; `chip.sv` is the generated package."""
    shipped = {path.name: path.read_text(encoding="utf-8") for path in sorted(_SHIPPED.glob("*.sv"))}
    return {"chip.sv": package_source(chip), **shipped}


def shipped_names() -> tuple[str, ...]:
    """The modules of the shipped sources, sorted; each has a file of its name."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.sv")))


def shipped_source(name: str) -> str:
    """The text of a shipped source; empty where the file is none of them."""
    path = _SHIPPED / name
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def in_order(sources: Mapping[str, str]) -> list[str]:
    """The names of the SystemVerilog files, the package first: the others need it."""
    return ["chip.sv", *sorted(name for name in sources if name.endswith(".sv") and name != "chip.sv")]
