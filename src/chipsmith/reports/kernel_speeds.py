"""A kernel under the roofs of chips and of this computer, in operations a second."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chipsmith.costs.peak import OPERATIONS_PER_MAC
from chipsmith.reports.charts import GREY, PINK, PURPLE, Chart, Trace, chart, coordinates, log_axis
from chipsmith.reports.headline import significant
from chipsmith.reports.markup import escape
from chipsmith.targets import Precision

if TYPE_CHECKING:
    from chipsmith.kernels.build import SingleKernel
    from chipsmith.profile.roofline import RoofPlace
    from chipsmith.studies.kernel_results import KernelOnChip, KernelResult, KernelTiming
    from chipsmith.systems.comparison import MachineRoof

_FLOAT_BYTES = 4
_COMPUTER_COLOURS = {Precision.FLOAT32: PINK, Precision.INT8: PURPLE}
_OF_TARGETS = {"torch": Precision.FLOAT32, "c": Precision.INT8}
"""The precision of targets that have no choice of it."""


@dataclass(frozen=True, kw_only=True)
class SpeedPoint:
    """Something that ran a kernel: operations a second, and operations for each byte that it has to move."""

    name: str
    operations_per_s: float
    operations_per_byte: float
    colour: str
    hollow: bool


@dataclass(frozen=True, kw_only=True)
class SpeedRoof:
    """What a machine does at best: operations a second, and bytes a second of its memory."""

    name: str
    operations_per_s: float
    bytes_per_s: float
    colour: str


def draw_speeds(result: KernelResult, roofs: Sequence[MachineRoof], colours: Sequence[str]) -> Chart:
    """Roofs and points of the chips, in these colours in turn, and of this computer, whose `roofs` these are."""
    paired = [(row, colours[index % len(colours)]) for index, row in enumerate(result.chips)]
    lines = [*(_chip_roof(row, colour) for row, colour in paired), *map(_host_roof, roofs)]
    points = [point for row, colour in paired for point in _chip_points(row, colour)]
    points += [_host_point(result.kernel, result.chips[0].cold.macs, timing) for timing in result.timings]
    edges = [point.operations_per_byte for point in points] + [
        line.operations_per_s / line.bytes_per_s for line in lines
    ]
    low, high = min(edges) / 2, max(edges) * 2
    traces = [*(draw_roof(line, low, high) for line in lines), *map(draw_point, points)]
    return chart(
        traces,
        height=460,
        x_title="operations a byte",
        y_title="10⁹ operations a second",
        x_axis=log_axis(coordinates(traces, "x")),
        y_axis=log_axis(coordinates(traces, "y")),
    )


def _chip_roof(row: KernelOnChip, colour: str) -> SpeedRoof:
    roof, clock_hz = row.cold.roof, row.chip.clock_mhz * 1e6
    return SpeedRoof(
        name=row.chip.name,
        operations_per_s=OPERATIONS_PER_MAC * roof.peak_macs_per_cycle * clock_hz,
        bytes_per_s=roof.external_bytes_per_cycle * clock_hz,
        colour=colour,
    )


def _host_roof(roof: MachineRoof) -> SpeedRoof:
    return SpeedRoof(
        name=f"this computer, {roof.precision}",
        operations_per_s=roof.operations_per_s,
        bytes_per_s=roof.bytes_per_s,
        colour=_COMPUTER_COLOURS.get(Precision(roof.precision), GREY),
    )


def _chip_points(row: KernelOnChip, colour: str) -> Iterator[SpeedPoint]:
    for name, place in (("cold", row.cold), ("warm", row.warm)):
        yield SpeedPoint(
            name=f"{row.chip.name}, {name}",
            operations_per_s=_speed(place, row.chip.clock_mhz * 1e6),
            operations_per_byte=OPERATIONS_PER_MAC * place.macs_per_byte,
            colour=colour,
            hollow=name == "warm",
        )


def _speed(place: RoofPlace, clock_hz: float) -> float:
    return OPERATIONS_PER_MAC * place.achieved_macs_per_cycle * clock_hz


def _host_point(kernel: SingleKernel, macs: int, timing: KernelTiming) -> SpeedPoint:
    precision = timing.options.precision or _OF_TARGETS.get(timing.target, Precision.FLOAT32)
    operations = OPERATIONS_PER_MAC * macs
    return SpeedPoint(
        name=timing.label,
        operations_per_s=operations / timing.latency.p50_us * 1e6,
        operations_per_byte=operations / count_bytes(kernel, precision),
        colour=_COMPUTER_COLOURS[precision],
        hollow=False,
    )


def count_bytes(kernel: SingleKernel, precision: Precision) -> int:
    """Bytes of a kernel's inputs, weights and outputs, each once, in a precision."""
    inputs = sum(math.prod(port.shape) for port in kernel.inputs)
    outputs = sum(math.prod(tensor.shape) for tensor in kernel.network.author_outputs)
    weights = sum(array.size for array in kernel.weights.values())
    return (inputs + outputs + weights) * (_FLOAT_BYTES if precision is Precision.FLOAT32 else 1)


def draw_roof(roof: SpeedRoof, low: float, high: float) -> Trace:
    """The line of a roof between two numbers of operations a byte."""
    corners = [low, roof.operations_per_s / roof.bytes_per_s, high]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"roof of {roof.name}",
        "x": corners,
        "y": [min(roof.operations_per_s, corner * roof.bytes_per_s) / 1e9 for corner in corners],
        "line": {"color": roof.colour, "width": 2},
        "hoverinfo": "skip",
    }


def draw_point(point: SpeedPoint) -> Trace:
    """A point under a roof."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": point.name,
        "x": [point.operations_per_byte],
        "y": [point.operations_per_s / 1e9],
        "marker": {"color": point.colour, "size": 11, "symbol": "circle-open" if point.hollow else "circle"},
        "hovertext": [
            f"<b>{escape(point.name)}</b><br>{significant(point.operations_per_s / 1e9)} 10⁹ operations a second<br>"
            f"{significant(point.operations_per_byte)} operations a byte"
        ],
        "hoverinfo": "text",
    }
