"""A network on this computer, over the threads that its runtime may use: measured."""

from __future__ import annotations

from collections.abc import Sequence

from chipsmith.chip import Chip
from chipsmith.frontends.calibration import draw_inputs
from chipsmith.frontends.quantized_network import QuantizedNetwork, first_batches
from chipsmith.profile.profile import Evidence
from chipsmith.studies.scaling.axes import ScalingAxis
from chipsmith.studies.scaling.curve import ScalingCurve, ScalingPoint
from chipsmith.studies.scaling.knee import compare_points, explain_curve, find_knee, rate_points, serial_share
from chipsmith.targets.cpu import CpuTarget, open_target
from chipsmith.targets.target import TargetOptions
from chipsmith.tosa.graph import Array


def sweep_threads(network: QuantizedNetwork, chip: Chip, threads: Sequence[int], *, inferences: int) -> ScalingCurve:
    """The median time of one warm inference with each number of threads, by the runtime that the target `cpu` chooses.

    `chip` is what load_target asks for; it changes nothing. Raises BadInput and OperatorRefused as the target does.
    """
    example = _first_inference(network)
    targets = [open_target(chip, TargetOptions(threads=count)) for count in threads]
    points = [_point(target, network, example, inferences=inferences) for target in targets]
    compared = rate_points(compare_points(points))
    knee = find_knee(compared)
    return ScalingCurve(
        axis=ScalingAxis.THREADS,
        title="threads",
        unit="threads",
        kind=Evidence.MEASURED,
        source=f"{targets[-1].describe(f'1 to {threads[-1]} threads')}; p50 of {inferences} warm inferences",
        points=compared,
        knee=knee,
        explanation=explain_curve(compared, "threads", knee),
        serial_share=serial_share(compared),
    )


def _point(target: CpuTarget, network: QuantizedNetwork, example: Sequence[Array], *, inferences: int) -> ScalingPoint:
    latency = target.prepare(network).time(*example, inferences=inferences)
    threads = target.threads
    return ScalingPoint(amount=threads, label=str(threads), latency_us=latency.p50_us, p99_us=latency.p99_us)


def _first_inference(network: QuantizedNetwork) -> tuple[Array, ...]:
    """The first batch of the calibration, or of random inputs where there was none."""
    arrays = network.examples or tuple(draw_inputs(network.author_inputs).values())
    return first_batches(arrays, network.author_inputs, 1)
