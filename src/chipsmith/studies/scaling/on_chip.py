"""A network over its batch and over the resources of a chip, compiled and simulated to the cycle at every point."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chipsmith.chip import Chip
from chipsmith.chip.reading import override_chip
from chipsmith.chip.timing import doubtful_clock
from chipsmith.compiler.compile import compile_graph
from chipsmith.costs import estimate_area
from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.profile.memory import memory_peak_bytes
from chipsmith.profile.profile import Evidence
from chipsmith.program.port_values import draw_inputs
from chipsmith.program.program import Program
from chipsmith.sim.cycle import Timeline, simulate
from chipsmith.sim.functional import execute
from chipsmith.studies.scaling.axes import CHIP_RESOURCES, ChipResource, ScalingAxis
from chipsmith.studies.scaling.curve import ScalingCurve, ScalingPoint
from chipsmith.studies.scaling.knee import compare_points, explain_curve, find_knee, rate_points
from chipsmith.tosa.graph import Graph
from chipsmith.tosa.passes.batch import batch_graph
from chipsmith.tosa.reference import evaluate_batch

STEPS = (-2, -1, 0, 1, 2)
"""Doublings of a resource, against the chip as it is."""
_SOURCE = "compiled for the chip and simulated to the cycle, cold"


@dataclass(frozen=True, kw_only=True)
class _Timed:
    """A program and one cold inference of it."""

    program: Program
    timeline: Timeline


class ChipSweep:
    """A network on a chip and on its relatives; each of them is compiled once, whoever asks for it."""

    def __init__(self, graph: Graph, chip: Chip) -> None:
        self._graphs: dict[int, Graph] = {1: graph}
        self._chip = chip
        self._timed: dict[tuple[int, str], _Timed | str] = {}

    def sweep_batch(self, batches: Sequence[int]) -> ScalingCurve:
        """The time of one inference of a batch, on the chip as it is."""
        points = [self._point(self._chip, batch=batch, amount=batch, label=str(batch)) for batch in batches]
        return _curve(ScalingAxis.BATCH, "batch", "inferences", compare_points(self._compare_smallest(points)))

    def _compare_smallest(self, points: Sequence[ScalingPoint]) -> list[ScalingPoint]:
        """The smallest batch of several that runs is executed and compared with its inferences one by one."""
        smallest = next((point for point in points if point.amount > 1 and not point.reason), None)
        return [self._compare(point) if point is smallest else point for point in points]

    def _compare(self, point: ScalingPoint) -> ScalingPoint:
        timed = self._time(self._chip, point.amount)
        assert isinstance(timed, _Timed)
        inputs = draw_inputs(timed.program, seed=0)
        outputs = execute(timed.program, inputs)
        single = self._graphs[1]
        parts = {name: inputs[name].reshape(point.amount, *single.tensor(name).shape) for name in single.inputs}
        expected = evaluate_batch(single, parts)
        mismatches = sum(int((expected[name].reshape(array.shape) != array).sum()) for name, array in outputs.items())
        return replace(point, compared=sum(array.size for array in outputs.values()), mismatches=mismatches)

    def sweep_resource(self, axis: ScalingAxis) -> ScalingCurve:
        """The time of one inference with from a quarter to four times of a resource, all others as they are."""
        resource = CHIP_RESOURCES[axis]
        points = [self._resized(resource, steps) for steps in STEPS]
        return _curve(axis, resource.title, resource.unit, rate_points(compare_points(points)))

    def _time_batch(self, chip: Chip, batch: int) -> _Timed | str:
        try:
            program = compile_graph(self._batched(batch), chip)
        except (BadInput, OperatorRefused) as error:
            return str(error)
        return _Timed(program=program, timeline=simulate(program))

    def _batched(self, batch: int) -> Graph:
        if batch not in self._graphs:
            self._graphs[batch] = batch_graph(self._graphs[1], batch)
        return self._graphs[batch]

    def _resized(self, resource: ChipResource, steps: int) -> ScalingPoint:
        try:
            chip = _resize(self._chip, resource, steps)
        except BadInput as error:
            amount = resource.amount(self._chip) * 2**steps
            return ScalingPoint(amount=math.ceil(amount), label=f"{amount:g} {resource.unit}", reason=str(error))
        return self._point(chip, batch=1, amount=resource.amount(chip), label=resource.describe(chip))

    def _point(self, chip: Chip, *, batch: int, amount: int, label: str) -> ScalingPoint:
        timed = self._time(chip, batch)
        area = estimate_area(chip).total_mm2
        if isinstance(timed, str):
            return ScalingPoint(amount=amount, label=label, area_mm2=area, reason=timed)
        cycles = timed.timeline.latency_cycles
        return ScalingPoint(
            amount=amount,
            label=label,
            latency_us=cycles / chip.clock_mhz / batch,
            utilisation=_macs(timed.program) / (cycles * chip.macs),
            busy={engine.value: busy / cycles for engine, busy in timed.timeline.busy_cycles.items()},
            gains=self._gains(chip, batch, cycles),
            memory_peak_bytes=memory_peak_bytes(timed.program, timed.timeline),
            area_mm2=area,
        )

    def _gains(self, chip: Chip, batch: int, cycles: int) -> Mapping[ScalingAxis, float]:
        gains = {}
        for axis, resource in CHIP_RESOURCES.items():
            with contextlib.suppress(BadInput):
                timed = self._time(_resize(chip, resource, 1), batch)
                if isinstance(timed, _Timed):
                    gains[axis] = cycles / timed.timeline.latency_cycles
        return gains

    def _time(self, chip: Chip, batch: int) -> _Timed | str:
        """The network on a chip, or why it does not run there."""
        key = (batch, chip.sha256)
        if key not in self._timed:
            self._timed[key] = self._time_batch(chip, batch)
        return self._timed[key]


def _resize(chip: Chip, resource: ChipResource, steps: int) -> Chip:
    """The chip with 2**steps times the resource, under its own name.

    Raises BadInput where that is no legal chip, and where growing it puts a clock in doubt that was not: the time would
    be one that no such chip has.
    """
    grown = override_chip(chip, {**resource.grow(chip, steps), "name": chip.name})
    doubt = doubtful_clock(grown)
    if doubt and not doubtful_clock(chip):
        raise BadInput(doubt)
    return grown


def _macs(program: Program) -> int:
    return sum(span.macs for span in program.manifest.kernels)


def _curve(axis: ScalingAxis, title: str, unit: str, points: Sequence[ScalingPoint]) -> ScalingCurve:
    knee = find_knee(points)
    return ScalingCurve(
        axis=axis,
        title=title,
        unit=unit,
        kind=Evidence.SIMULATED,
        source=_SOURCE,
        points=tuple(points),
        knee=knee,
        explanation=explain_curve(points, title, knee),
    )
