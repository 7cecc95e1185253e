"""What a chip's memories hold, in words: the same bytes for pages, the terminal and `chips`."""

from __future__ import annotations

from chipsmith.chip import Chip
from chipsmith.units import format_bytes


def describe_memories(chip: Chip) -> str:
    """All memories together and each of them: '256 KiB on the chip: 240 KiB for activations and weights, ...'."""
    parts = {
        "for activations and weights": chip.memory_bytes,
        "of accumulators": chip.accumulator_bytes,
        "of instructions": chip.instruction_bytes,
        "of tables": chip.table_bytes,
    }
    words = [f"{format_bytes(size)} {name}" for name, size in parts.items()]
    return f"{format_bytes(chip.on_chip_bytes)} on the chip: {', '.join(words[:-1])} and {words[-1]}"


def summarise_memories(chip: Chip) -> str:
    """The same where chips stand side by side: '256 KiB on the chip, 240 KiB for activations and weights'."""
    own = format_bytes(chip.memory_bytes)
    return f"{format_bytes(chip.on_chip_bytes)} on the chip, {own} for activations and weights"
