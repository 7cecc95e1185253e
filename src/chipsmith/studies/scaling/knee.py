"""Where more of a resource stops helping, and the sentence that says so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from chipsmith.studies.scaling.axes import CHIP_RESOURCES
from chipsmith.studies.scaling.curve import KNEE_GAIN, ScalingPoint


def compare_points(points: Sequence[ScalingPoint]) -> tuple[ScalingPoint, ...]:
    """The points with their speed-up against the first that has a time."""
    first = next((point.latency_us for point in points if point.latency_us is not None), None)
    return tuple(_compare(point, first) for point in points)


def _compare(point: ScalingPoint, first_us: float | None) -> ScalingPoint:
    if point.latency_us is None or first_us is None:
        return point
    return replace(point, speedup=first_us / point.latency_us)


def rate_points(points: Sequence[ScalingPoint]) -> tuple[ScalingPoint, ...]:
    """The points of compare_points with their efficiency: the speed-up over how many times more there is."""
    first = next((point.amount for point in points if point.speedup is not None), None)
    return tuple(_rate(point, first) for point in points)


def _rate(point: ScalingPoint, first: int | None) -> ScalingPoint:
    if point.speedup is None or first is None:
        return point
    return replace(point, efficiency=point.speedup * first / point.amount)


def find_knee(points: Sequence[ScalingPoint]) -> int | None:
    """The index of the first point from which on a doubling never again makes the network KNEE_GAIN times faster.

    A step of another size counts as the doublings that it is: its gain is taken to the power of one doubling. None
    where the last step still helps by as much, or where fewer than two points have a time.
    """
    timed = [(index, point) for index, point in enumerate(points) if point.latency_us is not None]
    knee = None
    for (index, before), (_, after) in pairwise(timed):
        if gain_of_doubling(before, after) >= KNEE_GAIN:
            knee = None
        elif knee is None:
            knee = index
    return knee


def gain_of_doubling(before: ScalingPoint, after: ScalingPoint) -> float:
    """How many times faster the network becomes from a point to a later one, for each doubling on the way."""
    assert before.latency_us is not None
    assert after.latency_us is not None
    return math.pow(before.latency_us / after.latency_us, 1 / math.log2(after.amount / before.amount))


def explain_curve(points: Sequence[ScalingPoint], title: str, knee: int | None) -> str:
    """What the curve shows, in a sentence or two."""
    timed = [point for point in points if point.latency_us is not None]
    if len(timed) < 2:
        return f"Fewer than two sizes of the {title} have a time: there is no curve."
    if knee is None:
        step = gain_of_doubling(timed[-2], timed[-1])
        return f"No knee: the last doubling, to {timed[-1].label}, still brings a speed-up of {step:.2f}."
    after = next(point for point in points[knee + 1 :] if point.latency_us is not None)
    gain = gain_of_doubling(points[knee], after)
    text = f"The knee is at {points[knee].label}: a doubling from there brings a speed-up of only {gain:.2f}."
    return f"{text} {_explain_bound(points[knee])}".strip()


def _explain_bound(point: ScalingPoint) -> str:
    """What holds the network back at a point, by the simulated gains of doubling each resource."""
    if point.gains is None:
        return ""
    gains = ", ".join(f"{axis.value} {gain:.2f}" for axis, gain in point.gains.items())
    unknown = [resource.title for axis, resource in CHIP_RESOURCES.items() if axis not in point.gains]
    beyond = f" No legal chip has twice its {' or '.join(unknown)}." if unknown else ""
    if point.binds is not None:
        return (
            f"What binds there: the {CHIP_RESOURCES[point.binds].title} (speed-up of doubling each: {gains}).{beyond}"
        )
    why = "" if unknown else " Layers wait for one another there, and each ends before the next begins."
    return f"No resource that can be doubled binds there (speed-up of doubling each: {gains}).{why}{beyond}"


def serial_share(points: Sequence[ScalingPoint]) -> float | None:
    """The share of the work that stays serial, by Amdahl's law: (n / s - 1) / (n - 1) for a speed-up s on n threads.

    From the last point, against one thread; 0 where the speed-up is more than n. None where there is one point alone,
    and where more threads make the network slower, which the law does not hold of.
    """
    timed = [point for point in points if point.latency_us is not None]
    if len(timed) < 2 or timed[0].amount != 1 or timed[-1].speedup is None or timed[-1].speedup < 1:
        return None
    threads = timed[-1].amount
    return max(0.0, (threads / timed[-1].speedup - 1) / (threads - 1))
