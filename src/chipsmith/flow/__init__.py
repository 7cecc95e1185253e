"""The whole story on one page: each verb of Chipsmith, from raw data to a chip.

    train -> compile -> simulate -> estimate -> report         run does them all
                        cosim, rtl, synth                      the RTL: beside the simulators, to take away, in cells
    chips, ops, doctor                                         what there is

Each verb is a command of the same name with the same words. Networks are named as the command line names them: a
`.tosa` file, an int8 `.tflite` file, or `package.module:function` of a function that returns a torch.nn.Module.
Verbs raise BadInput, OperatorRefused or CheckFailed (`chipsmith.errors`) with one clear message.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from chipsmith.chip import Chip, catalogue, load_chip, override_chip, parse_overrides
from chipsmith.diagnosis import Diagnosis, diagnose
from chipsmith.errors import BadInput
from chipsmith.flow import cosimulation, digits
from chipsmith.flow.arrays import check_folder, check_output, read_inputs, write_outputs
from chipsmith.flow.conformance_run import Conformance, run_official_cases
from chipsmith.flow.conformance_targets import MOST_CYCLES
from chipsmith.flow.cosimulation import Cosimulated
from chipsmith.flow.folder import TRAINED, choose_folder, make_folder, read_run, write_run, write_views
from chipsmith.flow.networks import compile_network, describe_steps, load_model
from chipsmith.flow.results import Compiled, Estimate, Ran, Simulated, Trained
from chipsmith.flow.synthesis import Synthesised, synthesise
from chipsmith.flow.watching import SILENT, Stages, Watch
from chipsmith.learn import DIGITS_RECIPE, TrainedNetwork, evaluate, load_digits, save_trained, train_digits
from chipsmith.program.file import read_program, write_program
from chipsmith.program.program import Program
from chipsmith.report.inference import describe_chip, describe_inference
from chipsmith.report.record import RunRecord
from chipsmith.rtl.export import write_rtl
from chipsmith.sim import cycle, functional
from chipsmith.tosa.graph import Array
from chipsmith.tosa.operators import ROWS
from chipsmith.tosa.operators.row import OperatorRow

AnyPath = str | os.PathLike[str]

__all__ = [
    "chips",
    "compile",
    "conformance",
    "cosim",
    "doctor",
    "estimate",
    "ops",
    "report",
    "rtl",
    "run",
    "simulate",
    "synth",
    "train",
]


def run(
    network: str = digits.NETWORK,
    *,
    seed: int = 0,
    chip: str | Chip = "edge-256",
    settings: Sequence[str] = (),
    out: AnyPath | None = None,
    watch: Watch = SILENT,
) -> Ran:
    """Raw data to a chip: the main job, whose only network is "digits".

    Trains, quantises after training, compiles for the chip, executes the whole test set there and in
    tosa_reference_model, times and prices one inference, and leaves a run folder (`out`, default runs/digits-SEED).
    The same seed gives the same result but for its `host` block. A chip that differs from the witness is no exception
    here: see `Ran.bit_exact`.
    """
    _check_job(network, seed)
    described, folder, stages = _chip(chip, settings), choose_folder(_path(out), f"{network}-{seed}"), Stages(watch)

    with stages.stage("train"):
        data, trained = load_digits(seed=seed), _trained(seed, watch)
    with stages.stage("quantise and lower to TOSA"):
        lowered = digits.lower_digits(trained, data)
    with stages.stage("compile"):
        program = compile_network(lowered.graph, described)
    with stages.stage(digits.host_work(lowered, "before")):
        inputs = digits.quantize(lowered, data.test.images)
    with stages.stage("execute the test set on the chip"):
        outputs = functional.execute(program, inputs)
    with stages.stage(digits.host_work(lowered, "after")):
        logits = digits.dequantize(lowered, outputs)
    with stages.stage("execute the test set in tosa_reference_model"):
        bit_exact = digits.compare_with_witness(lowered.graph, inputs, outputs)
    with stages.stage("measure accuracies and errors in PyTorch"):
        accuracies = digits.accuracies(trained, lowered, data, logits)
        quantisation = digits.quantisation_errors(trained, lowered, data)
    with stages.stage("time and price"):
        inference = describe_inference(program)

    record = RunRecord(
        network=network,
        chip=describe_chip(described),
        inference=inference,
        seed=seed,
        versions=digits.versions(),
        host=stages.wall_s,
        host_steps=describe_steps(lowered.host_steps, lowered.graph),
        training=digits.training_record(trained.training),
        accuracies=accuracies,
        bit_exact=bit_exact,
        quantisation=quantisation,
    )
    watch.stage("write the report")
    return Ran(record=write_run(folder, record, graph=lowered.graph, program=program, trained=trained), folder=folder)


def train(
    network: str = digits.NETWORK, *, seed: int = 0, out: AnyPath | None = None, watch: Watch = SILENT
) -> Trained:
    """Train "digits", say whether it fits, and write its weights to the folder `out` (default runs/digits-SEED)."""
    _check_job(network, seed)
    folder = choose_folder(_path(out), f"{network}-{seed}")
    trained, test = _trained(seed, watch), load_digits(seed=seed).test
    path = folder / TRAINED
    make_folder(folder)
    save_trained(trained, path)
    return Trained(training=trained.training, accuracy=evaluate(trained.module, test), path=path)


def compile(
    model: str,
    *,
    chip: str | Chip = "edge-256",
    settings: Sequence[str] = (),
    calibration: AnyPath | None = None,
    output: AnyPath | None = None,
) -> Compiled:
    """Compile a network for a chip (a name of the catalogue, a YAML file or a Chip) and write the Program to `output`.

    `settings` replace fields of the chip, such as "tensor.rows=32". `calibration` is for `package.module:function`
    alone: an `.npy` file of inputs as the module takes them.
    """
    path = None if output is None else Path(output)
    if path is not None:
        check_folder(path)
    described = _chip(chip, settings)
    network = load_model(model, calibration)
    program = compile_network(network.graph, described)
    if path is not None:
        write_program(program, path)
    return Compiled(program=program, host_steps=network.host_steps, path=path)


def simulate(
    program: AnyPath | Program,
    *,
    inputs: AnyPath | Mapping[str, Array] | None = None,
    output: AnyPath | None = None,
) -> Simulated:
    """Execute a Program on the simulated chip, and time one inference of it to the cycle, cold and warm.

    `inputs` are arrays by name, or an `.npy` or `.npz` file: each has the port's type and shape, with the leading
    dimension times the number of inferences. Without them only time is simulated. `output` takes the results.
    """
    held = program if isinstance(program, Program) else read_program(Path(program))
    path = None if output is None else Path(output)
    if path is not None:
        _check_asked(inputs)
        check_output(path, held.manifest.outputs)
    outputs = {} if inputs is None else functional.execute(held, _arrays(inputs, held))
    if path is not None:
        write_outputs(path, outputs)
    return Simulated(
        program=held,
        outputs=outputs,
        inferences=_inferences(held, outputs),
        cold=cycle.simulate(held),
        warm=cycle.simulate(held, warm=True),
        path=path,
    )


def cosim(
    program: AnyPath | Program, *, inputs: AnyPath | Mapping[str, Array] | None = None, wave: AnyPath | None = None
) -> Cosimulated:
    """Run one inference of a Program on the RTL of its chip, cold and warm, and compare it with the simulators.

    `inputs` are arrays by name, or an `.npy` or `.npz` file, of one inference; without them they are random. `wave`: a
    file for the waveform (VCD). A difference is no exception here: see `Cosimulated.agrees`. Builds are cached.
    """
    held = program if isinstance(program, Program) else read_program(Path(program))
    path = _path(wave)
    if path is not None:
        check_folder(path)
    arrays = cosimulation.random_inputs(held, seed=0) if inputs is None else _arrays(inputs, held)
    return cosimulation.compare(held, arrays, wave=path)


def rtl(
    chip: str | Chip = "edge-256", *, out: AnyPath, models: Sequence[str] = (), settings: Sequence[str] = ()
) -> tuple[Path, ...]:
    """Write a chip's RTL to the folder `out`, with a golden vector of each network; returns the files."""
    described = _chip(chip, settings)
    programs = [compile_network(load_model(model, None).graph, described) for model in models]
    vectors = [cosimulation.golden_vector(one, cosimulation.random_inputs(one, seed=0)) for one in programs]
    return tuple(write_rtl(described, Path(out), vectors))


def synth(
    chip: str | Chip = "edge-256", *, liberty: AnyPath, node_nm: int = 130, settings: Sequence[str] = ()
) -> Synthesised:
    """Map a chip's RTL to the cells of a liberty file of `node_nm`; compares the area estimate. Takes minutes."""
    return synthesise(_chip(chip, settings), Path(liberty), node_nm=node_nm)


def estimate(
    model: str,
    *,
    chips: Sequence[str | Chip] = ("edge-256",),
    settings: Sequence[str] = (),
    calibration: AnyPath | None = None,
) -> tuple[Estimate, ...]:
    """Latency, energy, area and cost of a network on each of the chips; arguments as for `compile`."""
    if not chips:
        raise BadInput(f"no chip is named; the catalogue has {', '.join(catalogue())}")
    described = [_chip(chip, settings) for chip in chips]
    network = load_model(model, calibration)
    return tuple(
        Estimate(
            network=network.graph.name,
            chip=describe_chip(chip),
            inference=describe_inference(compile_network(network.graph, chip)),
        )
        for chip in described
    )


def report(folder: AnyPath) -> Ran:
    """Draw the page and the trace of a run folder again, from its result.json alone."""
    path = Path(folder)
    record = read_run(path)
    write_views(path, record)
    return Ran(record=record, folder=path)


def chips() -> tuple[Chip, ...]:
    """The chips of the catalogue, from small to large; `load_chip` of `chipsmith.chip` gives one by name or file."""
    return tuple(load_chip(name) for name in catalogue())


def conformance(
    target: str = "npu",
    *,
    ops: Sequence[str] = (),
    seed: int | None = None,
    sample: int | None = None,
    most_cycles: int = MOST_CYCLES,
    chip: str | Chip = "edge-256",
    settings: Sequence[str] = (),
) -> Conformance:
    """Run TOSA's official cases on "reference", "npu" (compiled for a chip and simulated) or "rtl"; nothing is folded.

    `ops` are the only operators, if given; `sample` takes so many cases of each; `seed` draws other cases than the
    generator's own; cases of more than `most_cycles` are not run in RTL. The first run generates the cases, which
    takes minutes, and keeps them.
    """
    return run_official_cases(
        target, operators=ops, seed=seed, sample=sample, most_cycles=most_cycles, chip=_chip(chip, settings)
    )


def ops() -> tuple[OperatorRow, ...]:
    """The operators that Chipsmith holds: TOSA's integer profile, with types, attributes and rules."""
    return tuple(ROWS.values())


def doctor() -> Diagnosis:
    """What is installed, what is missing, and the command that mends it."""
    return diagnose()


def _chip(chip: str | Chip, settings: Sequence[str]) -> Chip:
    overrides = parse_overrides(settings)
    if isinstance(chip, Chip):
        return override_chip(chip, overrides) if overrides else chip
    return load_chip(chip, overrides)


def _arrays(inputs: AnyPath | Mapping[str, Array], program: Program) -> Mapping[str, Array]:
    return inputs if isinstance(inputs, Mapping) else read_inputs(Path(inputs), program.manifest.inputs)


def _path(path: AnyPath | None) -> Path | None:
    return None if path is None else Path(path)


def _check_job(network: str, seed: int) -> None:
    if not 0 <= seed < 1 << 32:
        raise BadInput(f"seed {seed}: must be from 0 to {(1 << 32) - 1}")
    if network != digits.NETWORK:
        raise BadInput(
            f"there is no job '{network}'; the one there is: {digits.NETWORK}. For a network of your own "
            "`chipsmith compile` and `chipsmith estimate` take package.module:function"
        )


def _trained(seed: int, watch: Watch) -> TrainedNetwork:
    with watch.training(DIGITS_RECIPE.epochs) as on_epoch:
        return train_digits(seed=seed, on_epoch=on_epoch)


def _check_asked(inputs: object) -> None:
    if inputs is None:
        raise BadInput("--output needs --input: without inputs only the time is simulated")


def _inferences(program: Program, outputs: Mapping[str, Array]) -> int:
    """How many inferences the outputs hold: 0 where none were asked for."""
    if not outputs:
        return 0
    port = program.manifest.outputs[0]
    return len(outputs[port.name]) // (port.shape[0] if port.shape else 1)
