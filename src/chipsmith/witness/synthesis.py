"""The RTL of a chip mapped to standard cells, beside the chip's area estimate."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from chipsmith.chip import Chip, override_chip
from chipsmith.costs.area import logic_area_um2
from chipsmith.hardware.synthesis import Synthesis, synthesize
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.shown import Shown


@dataclass(frozen=True, kw_only=True)
class Synthesised(Shown):
    """A synthesis and what the area estimate says of the same logic at the node of the liberty file."""

    chip: Chip
    synthesis: Synthesis
    liberty: Path
    node_nm: int
    estimated_um2: float

    def _brief(self) -> str:
        whole = self.synthesis
        return (
            f"{self.chip.name}: {whole.cells:,} cells, {whole.area_um2:,.0f} µm² (synthesised); estimate "
            f"{self.error_percent:+.0f} %"
        )

    @property
    def error_percent(self) -> float:
        """How far the estimate of the logic lies from the synthesised area."""
        return 100 * (self.estimated_um2 / self.synthesis.area_um2 - 1)

    @property
    def area_per_mac_um2(self) -> float:
        """Synthesised logic of the whole machine, over its 8-bit multipliers."""
        return self.synthesis.area_um2 / self.synthesis.macs

    def to_json(self) -> Json:
        """The object of `chipsmith synth --json`; areas in square micrometres of cells before placement."""
        slowest = self.synthesis.slowest
        return {
            "schema_version": SCHEMA_VERSION,
            **self.chip.identity,
            "liberty": str(self.liberty),
            "node_nm": self.node_nm,
            "cells": self.synthesis.cells,
            "area_um2": round(self.synthesis.area_um2, 1),
            "area_per_mac_um2": round(self.area_per_mac_um2, 1),
            "estimated_um2": round(self.estimated_um2, 1),
            "error_percent": round(self.error_percent, 1),
            "blocks_um2": {name: round(area, 1) for name, area in self.synthesis.blocks.items()},
            "modules": [dataclasses.asdict(module) for module in self.synthesis.modules],
            "macros": [dataclasses.asdict(macro) for macro in self.synthesis.macros],
            "longest_path": {"module": slowest.name, "delay_ps": slowest.delay_ps},
        }


def synthesise(chip: Chip, liberty: Path, *, node_nm: int) -> Synthesised:
    """Synthesise a chip and estimate its logic at `node_nm`, the node of the liberty file."""
    return Synthesised(
        chip=chip,
        synthesis=synthesize(chip, liberty),
        liberty=liberty,
        node_nm=node_nm,
        estimated_um2=estimate_logic_um2(chip, node_nm=node_nm),
    )


def estimate_logic_um2(chip: Chip, *, node_nm: int) -> float:
    """The estimate of the chip's logic at a node, in square micrometres of cells before placement."""
    # the area does not depend on the clock, and every node allows the slowest
    at_node = override_chip(chip, {"technology.node_nm": str(node_nm), "clock_mhz": "1"})
    return logic_area_um2(at_node).value
