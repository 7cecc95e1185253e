"""README.md of an exported folder."""

from __future__ import annotations

from collections.abc import Sequence

import chipsmith
from chipsmith.chip.description import Chip
from chipsmith.hardware.driver.program_source import chip_word
from chipsmith.hardware.folder.core import core_file, core_name
from chipsmith.hardware.folder.shipped import fill, read_shipped
from chipsmith.hardware.golden import GoldenVector
from chipsmith.hardware.memories import memory_table
from chipsmith.hardware.register_map import register_map


def write_readme(chip: Chip, vectors: Sequence[GoldenVector]) -> str:
    """The page of a chip's folder: what is in it, how it is run, its memories and registers."""
    words = {
        "CHIP": chip.name,
        "VERSION": chipsmith.__version__,
        "CHIP_WORD": f"0x{chip_word(chip):08x}",
        "CORE": core_file(chip),
        "CLOCK": f"{chip.clock_mhz:g}",
        "LATENCY": f"{chip.external.latency_cycles}",
        "WORD": f"{chip.external.bytes_per_cycle}",
        "COMMANDS": _page("testbench.md" if vectors else "lint.md"),
        "VECTORS": "\n".join(map(_describe, vectors)) or "None.",
        "MEMORIES": memory_table(chip),
        "REGISTERS": register_map(),
        "FUSESOC": _fusesoc(chip, vectors),
    }
    return fill(_page("README.md"), words)


def _page(name: str) -> str:
    return read_shipped(f"folder/files/{name}").rstrip() + "\n"


def _describe(vector: GoldenVector) -> str:
    cycles = f"{vector.latency_cycles:,} cycles cold, {vector.warm_latency_cycles:,} warm"
    return f"- `vectors/{vector.name}`: {cycles} (simulated; `make test` holds the RTL to them)"


def _fusesoc(chip: Chip, vectors: Sequence[GoldenVector]) -> str:
    name = core_name(chip)
    sim = f"$ fusesoc --cores-root . run --target=sim {name}\n" if vectors else ""
    return fill(_page("fusesoc.md"), {"NAME": name, "SIM": sim})
