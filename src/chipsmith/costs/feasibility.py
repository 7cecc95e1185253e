"""Whether a chip's memories are as fast as its clock asks."""

from __future__ import annotations

from chipsmith.chip import Chip
from chipsmith.costs.inventory import Macro, macros


def slow_memories(chip: Chip) -> tuple[str, ...]:
    """A sentence for each memory whose estimated access takes longer than a clock cycle; empty where all are fast."""
    return tuple(_sentence(macro, chip) for macro in macros(chip) if macro.sram.access_ns.value > _cycle_ns(chip))


def _cycle_ns(chip: Chip) -> float:
    return 1e9 / chip.clock_hz


def _sentence(macro: Macro, chip: Chip) -> str:
    return (
        f"{macro.component}: a macro of {macro.sram.size_bytes} bytes answers in {macro.sram.access_ns.value:.2f} ns "
        f"at {chip.technology.node_nm} nm, a cycle at {chip.clock_mhz} MHz has {_cycle_ns(chip):.2f} ns; "
        "use smaller memories or a slower clock"
    )
