"""Rows of this computer: networks in other people's runtimes, timed by its clock, one thread and more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chipsmith.chip import Chip
from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.frontends.calibration import draw_inputs
from chipsmith.frontends.quantized_network import QuantizedNetwork, first_batches
from chipsmith.profile.host_latency import HostLatency
from chipsmith.profile.profile import Evidence
from chipsmith.runtimes.energy import find_counters, measure_energy
from chipsmith.runtimes.processor import Processor
from chipsmith.runtimes.runtime import Runtime
from chipsmith.runtimes.threads import describe_threads, thread_counts
from chipsmith.systems.boundaries import COMPUTER_BOUNDARY, DEVICE_BOUNDARY
from chipsmith.systems.comparison import Collected, join
from chipsmith.systems.row import Generation, LeftOut, SystemRow
from chipsmith.targets import Precision, Target, TargetOptions, TimedNetwork, load_target
from chipsmith.tosa.graph import Array

HERE = "this computer"
"""Whose rows are those that were measured here and now."""
MOST_INFERENCES = 200
FEWEST_INFERENCES = 20
"""A p99 of so few is their longest."""
_LONGEST_US = 1e6
"""Of the timing of one network in one form: a slow network is timed fewer times."""


@dataclass(frozen=True, kw_only=True)
class NamedNetwork:
    """A network under the name that its rows bear."""

    name: str
    network: QuantizedNetwork


@dataclass(frozen=True, kw_only=True)
class RuntimeForm:
    """A form in which this computer runs networks: a target, the library under it, and what it computes in."""

    target: str
    runtime: str | None
    precision: Precision | None

    @property
    def label(self) -> str:
        """What rows call it."""
        return f"{self.runtime or self.target}, {self.precision or Precision.FLOAT32}"


FLOAT_RUNTIMES = (Runtime.ONNXRUNTIME, Runtime.OPENVINO, Runtime.LITERT)
"""Those whose float32 is a form of its own."""
CPU_FORMS = (
    *(RuntimeForm(target="cpu", runtime=runtime, precision=Precision.INT8) for runtime in Runtime),
    *(RuntimeForm(target="cpu", runtime=runtime, precision=Precision.FLOAT32) for runtime in FLOAT_RUNTIMES),
)
TORCH_FORM = RuntimeForm(target="torch", runtime=None, precision=None)
CUDA_FORM = RuntimeForm(target="cuda", runtime=None, precision=None)


def measure_cpu(networks: Iterable[NamedNetwork], chip: Chip, processor: Processor) -> Collected:
    """The networks in each runtime and precision, with one thread, twice as many, and so on to all."""
    return _measure(networks, chip, processor, (*CPU_FORMS, TORCH_FORM), thread_counts(processor.cores))


def measure_gpu(networks: Iterable[NamedNetwork], chip: Chip, processor: Processor) -> Collected:
    """The networks on the CUDA device of this computer."""
    return _measure(networks, chip, processor, (CUDA_FORM,), (None,))


def _measure(
    networks: Iterable[NamedNetwork],
    chip: Chip,
    processor: Processor,
    forms: Iterable[RuntimeForm],
    threads: tuple[int | None, ...],
) -> Collected:
    networks = tuple(networks)
    return join(_measure_form(networks, form, chip, processor, threads) for form in forms)


def _measure_form(
    networks: Iterable[NamedNetwork],
    form: RuntimeForm,
    chip: Chip,
    processor: Processor,
    threads: tuple[int | None, ...],
) -> Collected:
    targets = {count: load_target(form.target, chip, _options(form, count)) for count in threads}
    missing = list_missing(next(iter(targets.values())), form.label)
    if missing:
        return Collected(left_out=missing)
    return join(_measure_network(network, form, targets, processor) for network in networks)


def _options(form: RuntimeForm, threads: int | None) -> TargetOptions:
    return TargetOptions(runtime=form.runtime, precision=form.precision, threads=threads)


def list_missing(target: Target, label: str) -> tuple[LeftOut, ...]:
    """What a target needs and is not here, each under the label of its rows with the command that mends it."""
    return tuple(
        LeftOut(what=label, reason=f"{item.name} is not here" + (f"; mend: {item.mend}" if item.mend else ""))
        for item in target.missing()
    )


def _measure_network(
    named: NamedNetwork, form: RuntimeForm, targets: dict[int | None, Target], processor: Processor
) -> Collected:
    rows: list[SystemRow] = []
    for threads, target in targets.items():
        try:
            rows.append(_time_network(named, form, target, threads, processor))
        except (BadInput, OperatorRefused) as refusal:
            return Collected(left_out=(LeftOut(what=f"{named.name}: {form.label}", reason=str(refusal)),))
    return Collected(rows=tuple(rows))


def _time_network(
    named: NamedNetwork, form: RuntimeForm, target: Target, threads: int | None, processor: Processor
) -> SystemRow:
    prepared, inputs = prepare_timed(target, named.network), draw_inference(named.network)
    latency = time_inferences(prepared, inputs)
    device = form is CUDA_FORM
    counted = has_counters() and not device
    energy = measure_energy(lambda: prepared.run(*inputs), inferences=1) if counted else None
    return SystemRow(
        network=named.name,
        organisation=HERE,
        system=form.label if threads is None else f"{form.label}, {describe_threads(threads)}",
        generation=_generation(form, threads),
        how=Evidence.MEASURED,
        latency_us=latency.p50_us,
        p99_us=latency.p99_us,
        energy_uj=None if energy is None else energy.energy_uj,
        boundary=DEVICE_BOUNDARY if device else COMPUTER_BOUNDARY,
        source=describe_timing(target.obtained, latency),
        hardware=_name_device() if device else str(processor),
        software=form.runtime or form.target,
        precision=form.precision or Precision.FLOAT32,
        threads=threads,
        grouped_by=_group_reason(form, threads),
    )


def prepare_timed(target: Target, network: QuantizedNetwork) -> TimedNetwork:
    """The network on a target whose inferences are timed. Raises BadInput for another, and as Target.prepare."""
    prepared = target.prepare(network)
    if not isinstance(prepared, TimedNetwork):
        raise BadInput(f"target {target.name} does not time inferences")
    return prepared


def _group_reason(form: RuntimeForm, threads: int | None) -> str:
    if form is CUDA_FORM:
        return "a CUDA device"
    return f"{describe_threads(1) if threads == 1 else 'several threads'} of a general-purpose processor"


def _name_device() -> str:
    from chipsmith.runtimes.torch_engine import name_cuda_device

    return name_cuda_device()


def _generation(form: RuntimeForm, threads: int | None) -> Generation:
    if form is CUDA_FORM:
        return Generation.GPU
    return Generation.ONE_CORE if threads == 1 else Generation.MANY_CORES


def draw_inference(network: QuantizedNetwork) -> tuple[Array, ...]:
    """Random inputs of one inference, always the same: how long a network takes does not depend on them."""
    return first_batches(tuple(draw_inputs(network.author_inputs).values()), network.author_inputs, 1)


def time_inferences(prepared: TimedNetwork, inputs: tuple[Array, ...]) -> HostLatency:
    """Up to MOST_INFERENCES warm inferences, fewer where they take long."""
    first = prepared.time(*inputs, inferences=1).p50_us
    count = int(min(MOST_INFERENCES, max(FEWEST_INFERENCES, _LONGEST_US / max(first, 1.0))))
    return prepared.time(*inputs, inferences=count)


def describe_timing(obtained: str, latency: HostLatency) -> str:
    """From what a measured time is."""
    return f"{obtained}; p50 and p99 of {len(latency.samples_us)} warm inferences"


def has_counters() -> bool:
    """Whether this computer's counters of energy can be read."""
    return energy_reason() is None


def energy_reason() -> str | None:
    """Why the energy of inferences on this computer stays open; None where its counters are read."""
    try:
        find_counters()
    except BadInput as reason:
        return str(reason)
    return None
