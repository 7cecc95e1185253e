"""What scale shows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from chipsmith.console.presentation import Presentation, new_table, print_sentence, print_tables
from chipsmith.units import percent, significant

if TYPE_CHECKING:
    from chipsmith.studies.scaling.curve import Scaling, ScalingCurve, ScalingPoint


def present_scaling(result: Scaling) -> Presentation:
    """A table and a sentence for each curve."""
    return Presentation(to_json=result.to_json, print_text=partial(_print_scaling, result), failure=result.failure)


def _print_scaling(result: Scaling) -> None:
    print(f"{result.network}; base chip {result.chip}")
    for curve in result.curves:
        print()
        _print_curve(curve)
    for axis, reason in result.skipped.items():
        print_sentence(f"\n{axis}: left out: {reason}")


def _print_curve(curve: ScalingCurve) -> None:
    on_chip = any(point.busy for point in curve.points)
    columns = ("array", "area mm²", "binds") if on_chip else ("p99 µs",)
    table = new_table(f"over {curve.title}, {curve.kind}", curve.unit, "µs", "speed-up", "efficiency", *columns)
    for index, point in enumerate(curve.points):
        mark = " knee" if index == curve.knee else ""
        table.add_row(
            f"{point.label}{mark}", *_figures(point), *(_chip_cells(point) if on_chip else _clock_cells(point))
        )
    print_tables(table)
    print_sentence(curve.explanation)
    if curve.serial_share is not None:
        print(f"{percent(curve.serial_share, 0)} of the work stays serial, by Amdahl's law.")
    for point in curve.points:
        if point.reason:
            print_sentence(f"{point.label}: {point.reason}")
        if point.compared is not None:
            print(f"batch {point.label}: {point.mismatches} of {point.compared} outputs differ from single inferences")
    print_sentence(f"({curve.source})")


def _figures(point: ScalingPoint) -> tuple[str, str, str]:
    latency = "-" if point.latency_us is None else significant(point.latency_us)
    speedup = "-" if point.speedup is None else f"{point.speedup:.2f}"
    return (latency, speedup, "-" if point.efficiency is None else percent(point.efficiency, 0))


def _chip_cells(point: ScalingPoint) -> tuple[str, str, str]:
    utilisation = "-" if point.utilisation is None else percent(point.utilisation, 0)
    area = "-" if point.area_mm2 is None else significant(point.area_mm2)
    return (utilisation, area, point.binds or "-")


def _clock_cells(point: ScalingPoint) -> tuple[str]:
    return ("-" if point.p99_us is None else significant(point.p99_us),)
