"""A network over its batch and each resource of a chip: a table, and a picture of the curves with their knees."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from chipsmith.chip import load_chip
from chipsmith.frontends.registry import load_model
from chipsmith.studies.scaling.axes import CHIP_RESOURCES, ScalingAxis
from chipsmith.studies.scaling.curve import ScalingCurve, ScalingPoint
from chipsmith.studies.scaling.on_chip import ChipSweep
from drawings.svg import SMALL_SIZE, SOFT_INK, Point, picture, text

NETWORK = Path(__file__).parents[2] / "tests" / "networks" / "encoder_layer.tosa"
CHIP = "edge-256"
BATCHES = (1, 2, 4, 8)
COLOURS: Mapping[ScalingAxis, str] = {
    ScalingAxis.BATCH: "#9a4f8e",
    ScalingAxis.ARRAY: "#2f6fab",
    ScalingAxis.LANES: "#b7862c",
    ScalingAxis.MEMORY: "#7b8794",
    ScalingAxis.BUS: "#3a8a52",
}
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 660, 360, 60, 20, 180, 50
X_DOUBLINGS, Y_DOUBLINGS = (-2, 3), (-1.5, 1.2)


@cache
def _curves() -> Mapping[ScalingAxis, ScalingCurve]:
    sweep = ChipSweep(load_model(str(NETWORK)).graph, load_chip(CHIP))
    resources = {axis: sweep.sweep_resource(axis) for axis in CHIP_RESOURCES}
    return {ScalingAxis.BATCH: sweep.sweep_batch(BATCHES), **resources}


def scaling_table() -> str:
    """Each curve in a line: its times, its knee and what binds there, as a table in Markdown."""
    lines = ["| over | time of an inference, us | knee | there |", "|---|---|---|---|"]
    return "\n".join([*lines, *map(_row, _curves().values())])


def _row(curve: ScalingCurve) -> str:
    times = ", ".join(f"{point.label}: {point.latency_us:.2f}" for point in curve.timed if point.latency_us)
    knee = "none" if curve.knee is None else curve.points[curve.knee].label
    return f"| {curve.title} | {times} | {knee} | {curve.explanation} |"


def draw_scaling() -> str:
    """Speed-up over how many times more there is, for each curve; the knees as rings."""
    pieces = [*_axes(), *(piece for curve in _curves().values() for piece in _draw(curve))]
    title = f"An encoder layer scaled from {CHIP}: speed-up against the chip as it is"
    return picture(WIDTH, HEIGHT, title=title, pieces=pieces)


def _x(doublings: float) -> float:
    low, high = X_DOUBLINGS
    return LEFT + (WIDTH - LEFT - RIGHT) * (doublings - low) / (high - low)


def _y(speedup: float) -> float:
    return (
        HEIGHT
        - BOTTOM
        - (HEIGHT - TOP - BOTTOM) * (math.log2(speedup) - Y_DOUBLINGS[0]) / (Y_DOUBLINGS[1] - Y_DOUBLINGS[0])
    )


def _axes() -> Iterator[str]:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    for doublings in range(X_DOUBLINGS[0], X_DOUBLINGS[1] + 1):
        yield _line([(_x(doublings), TOP), (_x(doublings), bottom)], "#e4e7eb")
        yield text(f"x {2.0**doublings:g}", (_x(doublings), bottom + 18), size=SMALL_SIZE, ink=SOFT_INK)
    for speedup in (0.5, 1, 2):
        yield _line([(LEFT, _y(speedup)), (right, _y(speedup))], "#e4e7eb")
        yield text(f"{speedup:g}", (LEFT - 8, _y(speedup) + 5), size=SMALL_SIZE, anchor="end", ink=SOFT_INK)
    yield text("times as much as the chip has", ((LEFT + right) / 2, HEIGHT - 10), size=SMALL_SIZE)
    yield text("speed-up", (LEFT + 8, TOP + 14), size=SMALL_SIZE, anchor="start")


def _draw(curve: ScalingCurve) -> Iterator[str]:
    colour, places = COLOURS[curve.axis], _places(curve)
    yield _line(list(places.values()), colour)
    for index, (x, y) in places.items():
        radius, fill = (7, "none") if index == curve.knee else (3.5, colour)
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{fill}" stroke="{colour}" stroke-width="1.5"/>'
    yield _name(curve)


def _name(curve: ScalingCurve) -> str:
    """The curve's name in a column on the right, in the order of the curves."""
    rank = list(COLOURS).index(curve.axis)
    place = (WIDTH - RIGHT + 14, TOP + 20 + 22 * rank)
    return text(curve.title, place, size=SMALL_SIZE, anchor="start", ink=COLOURS[curve.axis], bold=True)


def _places(curve: ScalingCurve) -> dict[int, Point]:
    """Where each timed point stands, by its index: against the base, which is the chip as it is."""
    base = _base(curve.timed, curve.axis)
    return {
        index: (_x(math.log2(point.amount / base.amount)), _y(_time(base) / _time(point)))
        for index, point in enumerate(curve.points)
        if point.latency_us is not None
    }


def _base(points: Sequence[ScalingPoint], axis: ScalingAxis) -> ScalingPoint:
    amount = 1 if axis is ScalingAxis.BATCH else CHIP_RESOURCES[axis].amount(load_chip(CHIP))
    return next(point for point in points if point.amount == amount)


def _time(point: ScalingPoint) -> float:
    assert point.latency_us is not None
    return point.latency_us


def _line(points: Sequence[Point], colour: str) -> str:
    corners = " ".join(f"L{x:.1f},{y:.1f}" for x, y in points)
    return f'<path d="M{corners[1:]}" stroke="{colour}" stroke-width="1.5" fill="none"/>'
