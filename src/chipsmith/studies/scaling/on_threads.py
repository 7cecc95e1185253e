"""A network on this computer, over the threads that its runtime may use: measured."""

from __future__ import annotations

from collections.abc import Sequence

from chipsmith.chip import Chip
from chipsmith.errors import BadInput
from chipsmith.frontends.calibration import draw_inputs
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.profile.profile import Evidence
from chipsmith.studies.scaling.axes import ScalingAxis
from chipsmith.studies.scaling.curve import ScalingCurve, ScalingPoint
from chipsmith.studies.scaling.knee import compare_points, explain_curve, find_knee, rate_points, serial_share
from chipsmith.targets import TargetOptions, TimedNetwork, load_target
from chipsmith.tosa.graph import Array

_TARGET = "cpu"


def sweep_threads(network: QuantizedNetwork, chip: Chip, threads: Sequence[int], *, inferences: int) -> ScalingCurve:
    """The median time of one warm inference with each number of threads, by the runtime that the target `cpu` chooses.

    `chip` is what load_target asks for; it changes nothing. Raises BadInput and OperatorRefused as the target does.
    """
    example = _first_inference(network)
    points = [_point(network, chip, count, example, inferences=inferences) for count in threads]
    compared = rate_points(compare_points(points))
    knee = find_knee(compared)
    obtained = load_target(_TARGET, chip, TargetOptions(threads=threads[-1])).obtained
    return ScalingCurve(
        axis=ScalingAxis.THREADS,
        title="threads",
        unit="threads",
        kind=Evidence.MEASURED,
        source=f"p50 of {inferences} warm inferences, the last point's by {obtained}",
        points=compared,
        knee=knee,
        explanation=explain_curve(compared, "threads", knee),
        serial_share=serial_share(compared),
    )


def _point(
    network: QuantizedNetwork, chip: Chip, threads: int, example: Sequence[Array], *, inferences: int
) -> ScalingPoint:
    prepared = load_target(_TARGET, chip, TargetOptions(threads=threads)).prepare(network)
    if not isinstance(prepared, TimedNetwork):
        raise BadInput(f"the target {_TARGET} does not say how long an inference takes")
    latency = prepared.time(*example, inferences=inferences)
    return ScalingPoint(amount=threads, label=str(threads), latency_us=latency.p50_us, p99_us=latency.p99_us)


def _first_inference(network: QuantizedNetwork) -> tuple[Array, ...]:
    """The first batch of the calibration, or of random inputs where there was none."""
    drawn = draw_inputs(network.author_inputs)
    arrays = network.examples or tuple(drawn[name] for name in network.input_names)
    sizes = (tensor.shape[0] if tensor.shape else 1 for tensor in network.author_inputs)
    return tuple(array[:size] for array, size in zip(arrays, sizes, strict=True))
