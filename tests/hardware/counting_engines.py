"""The machine with TENSOR and VECTOR engines that only count their cycles: it is built in a few seconds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from chipsmith.chip import Chip
from chipsmith.hardware.build import build_machine
from chipsmith.hardware.sources import machine_sources

FOLDER = Path(__file__).parent / "sv"
STAND_INS = {
    "tensor_engine.sv": "tensor_counter.sv",
    "vector_engine.sv": "vector_counter.sv",
    "countdown.sv": "countdown.sv",
}


def free_clocks(chip: Chip) -> dict[str, str]:
    """What stands in for the clock gate where every edge passes, as for FPGAs."""
    name = "clock_gate.sv"
    return {name: f"`define CHIPSMITH_NO_CLOCK_GATES\n{machine_sources(chip)[name]}"}


def counting_machine(chip: Chip, replaced: Mapping[str, str] = MappingProxyType({})) -> Path:
    """The library of the chip's machine with engines that count, and `replaced` in place of sources of these names."""
    counters = {name: (FOLDER / stand_in).read_text() for name, stand_in in STAND_INS.items()}
    return build_machine(chip, replaced={**counters, **replaced})
