"""What a network can be scaled over: one row a resource of the chip, beside batch and threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from chipsmith.chip import Chip
from chipsmith.errors import BadInput
from chipsmith.suggest import nearest_in_brackets


class ScalingAxis(StrEnum):
    """What grows along a curve."""

    BATCH = "batch"
    THREADS = "threads"
    ARRAY = "array"
    LANES = "lanes"
    MEMORY = "memory"
    BUS = "bus"


@dataclass(frozen=True, kw_only=True)
class ChipResource:
    """A resource of a chip that a power of two multiplies while all others stay as they are.

    `grow` gives the overrides of a chip whose resource is 2**steps times that of the given one; `amount` how much of it
    a chip has, in `unit`; `describe` how it is written.
    """

    axis: ScalingAxis
    title: str
    unit: str
    grow: Callable[[Chip, int], Mapping[str, str]]
    amount: Callable[[Chip], int]
    describe: Callable[[Chip], str]


def _scaled(value: int, steps: int) -> str:
    """The value times 2**steps; a fraction of 1 stays one, for the chip's own rules to refuse."""
    return str(value << steps if steps >= 0 else max(1, value >> -steps))


def _grow_array(chip: Chip, steps: int) -> Mapping[str, str]:
    """Columns and rows in turn, the columns first: the array stays square or twice as wide as high."""
    rows = steps // 2
    return {
        "tensor.rows": _scaled(chip.tensor.rows, rows),
        "tensor.columns": _scaled(chip.tensor.columns, steps - rows),
    }


def _grow_lanes(chip: Chip, steps: int) -> Mapping[str, str]:
    vector = chip.vector
    return {
        "vector.lanes": _scaled(vector.lanes, steps),
        "vector.multiplier_lanes": _scaled(vector.multiplier_lanes, steps),
        "vector.table_lanes": _scaled(vector.table_lanes, steps),
    }


def _grow_memory(chip: Chip, steps: int) -> Mapping[str, str]:
    return {"memory.group_bytes": _scaled(chip.memory.group_bytes, steps)}


def _grow_bus(chip: Chip, steps: int) -> Mapping[str, str]:
    return {"external.bytes_per_cycle": _scaled(chip.external.bytes_per_cycle, steps)}


CHIP_RESOURCES: Mapping[ScalingAxis, ChipResource] = {
    resource.axis: resource
    for resource in (
        ChipResource(
            axis=ScalingAxis.ARRAY,
            title="array of multipliers",
            unit="MACs",
            grow=_grow_array,
            amount=lambda chip: chip.macs,
            describe=lambda chip: f"{chip.tensor.rows} x {chip.tensor.columns}",
        ),
        ChipResource(
            axis=ScalingAxis.LANES,
            title="vector lanes",
            unit="lanes",
            grow=_grow_lanes,
            amount=lambda chip: chip.vector.lanes,
            describe=lambda chip: f"{chip.vector.lanes} lanes",
        ),
        ChipResource(
            axis=ScalingAxis.MEMORY,
            title="on-chip memory",
            unit="bytes",
            grow=_grow_memory,
            amount=lambda chip: chip.memory_bytes,
            describe=lambda chip: f"{chip.memory_bytes >> 10} KiB",
        ),
        ChipResource(
            axis=ScalingAxis.BUS,
            title="external bus",
            unit="bytes a cycle",
            grow=_grow_bus,
            amount=lambda chip: chip.external.bytes_per_cycle,
            describe=lambda chip: f"{chip.external.bytes_per_cycle} B/cycle",
        ),
    )
}
"""The resources of a chip, each with the others fixed: an array that grows keeps its bandwidth."""


def parse_axes(names: Sequence[str]) -> tuple[ScalingAxis, ...]:
    """The axes of these names, in the order of ScalingAxis; BadInput for a name that is none, or for no name."""
    known = {axis.value: axis for axis in ScalingAxis}
    if not names:
        raise BadInput(f"nothing is named to scale over; there are: {', '.join(known)}")
    for name in names:
        if name not in known:
            hint = nearest_in_brackets(name, known)
            raise BadInput(f"cannot scale over '{name}'{hint}; there are: {', '.join(known)}")
    return tuple(axis for axis in ScalingAxis if axis.value in names)
