"""A network over all that it can be given: batch, threads, and each resource of the chip."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from chipsmith.chip import Chip
from chipsmith.errors import BadInput, ChipsmithError
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.processors import processors
from chipsmith.runtimes.threads import thread_counts
from chipsmith.studies.scaling.axes import CHIP_RESOURCES, ScalingAxis
from chipsmith.studies.scaling.curve import Scaling, ScalingCurve
from chipsmith.studies.scaling.on_chip import ChipSweep
from chipsmith.studies.scaling.on_threads import sweep_threads


def parse_batches(texts: Sequence[str]) -> tuple[int, ...]:
    """Sizes of batches, from small to large; BadInput for what is no number of 1 or more, or where there is none."""
    for text in texts:
        if not text.isascii() or not text.isdigit() or int(text) < 1:
            raise BadInput(f"a batch has 1 or more inferences, not '{text}'; write --batch 1,2,4")
    if not texts:
        raise BadInput("no batch is named; write --batch 1,2,4")
    return tuple(sorted({int(text) for text in texts}))


def scale_network(
    network: QuantizedNetwork, chip: Chip, axes: Sequence[ScalingAxis], *, batches: Sequence[int], inferences: int
) -> Scaling:
    """The curves of a network over these axes, `batches` along the batch, timed over `inferences` on threads.

    An axis that the network, or this computer, does not have is left out with the reason; where that is so of every
    axis, the reason of the first is raised: BadInput or OperatorRefused. So is BadInput for less than one inference.
    """
    if inferences < 1:
        raise BadInput(f"{inferences} inferences cannot be timed: give 1 or more")
    sweep = ChipSweep(network.graph, chip)
    sweeps: dict[ScalingAxis, Callable[[], ScalingCurve]] = {
        ScalingAxis.BATCH: lambda: _sweep_batch(sweep, network, batches),
        ScalingAxis.THREADS: lambda: sweep_threads(network, chip, thread_counts(processors()), inferences=inferences),
        **{axis: _resource_sweep(sweep, axis) for axis in CHIP_RESOURCES},
    }
    curves, errors = _run({axis: sweeps[axis] for axis in axes})
    if not curves and errors:
        raise next(iter(errors.values()))
    skipped = {axis: str(error) for axis, error in errors.items()}
    return Scaling(network=network.graph.name, chip=chip.name, curves=curves, skipped=skipped)


def _run(
    sweeps: Mapping[ScalingAxis, Callable[[], ScalingCurve]],
) -> tuple[tuple[ScalingCurve, ...], dict[ScalingAxis, ChipsmithError]]:
    curves, errors = [], {}
    for axis, sweep in sweeps.items():
        try:
            curves.append(sweep())
        except ChipsmithError as error:
            errors[axis] = error
    return tuple(curves), errors


def _resource_sweep(sweep: ChipSweep, axis: ScalingAxis) -> Callable[[], ScalingCurve]:
    return lambda: sweep.sweep_resource(axis)


def _sweep_batch(sweep: ChipSweep, network: QuantizedNetwork, batches: Sequence[int]) -> ScalingCurve:
    if network.states:
        raise BadInput(f"'{network.graph.name}' keeps a state from inference to inference: it has no batch")
    return sweep.sweep_batch(batches)
