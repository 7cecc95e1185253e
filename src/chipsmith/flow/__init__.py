"""The whole story on one page: each verb of Chipsmith, from raw data to a chip.

    train -> compile -> simulate -> estimate -> report         run does them all
                        cosim, rtl, synth                      the RTL: beside the simulators, to take away, in cells
    chips, ops, doctor                                         what there is

Each verb is a command of the same name with the same words. Networks are named as the command line names them: a
`.tosa`, int8 `.tflite` or `.onnx` file, or `package.module:function` of a function that returns a torch.nn.Module.
Verbs raise BadInput, OperatorRefused or CheckFailed (`chipsmith.errors`) with one clear message.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from chipsmith.chip import Chip, catalogue, load_chip, override_chip, parse_chip_settings
from chipsmith.compiler.network import compile_network
from chipsmith.deployment.predict import Predicted, Writing, predict_raw
from chipsmith.diagnosis import Diagnosis, diagnose
from chipsmith.errors import BadInput
from chipsmith.flow.arrays import check_folder, check_output, read_inputs, write_outputs
from chipsmith.flow.compress import Compressed, Job, compress_recipe
from chipsmith.flow.results import Compiled, Estimate, Ran, Simulated, Trained
from chipsmith.flow.run import run_recipe
from chipsmith.flow.run_folder import choose_folder, read_run, write_views
from chipsmith.flow.training import change_recipe, read_job, train_recipe
from chipsmith.frontends.quantized_network import load_model
from chipsmith.hardware.export import write_rtl
from chipsmith.learn import Recipe, load_recipe, shipped_recipes
from chipsmith.learn.watching import SILENT, Watch
from chipsmith.profile.inference import describe_chip, describe_inference
from chipsmith.program.file import read_program, write_program
from chipsmith.program.program import Program
from chipsmith.sim import cycle, functional
from chipsmith.studies.budget import Budget
from chipsmith.tosa.graph import Array
from chipsmith.tosa.operators import OPERATORS
from chipsmith.tosa.operators.row import OperatorRow
from chipsmith.witness import cosimulate as cosimulation
from chipsmith.witness.conformance.run import Conformance, run_official_cases
from chipsmith.witness.conformance.targets import MOST_CYCLES
from chipsmith.witness.cosimulate import Cosimulated
from chipsmith.witness.diff.compare import Diff, compare_layers
from chipsmith.witness.synthesis import Synthesised, synthesise

AnyPath = str | os.PathLike[str]

__all__ = [
    "chips",
    "compile",
    "compress",
    "conformance",
    "cosim",
    "diff",
    "doctor",
    "estimate",
    "ops",
    "predict",
    "recipes",
    "report",
    "rtl",
    "run",
    "simulate",
    "synth",
    "train",
]


def run(
    recipe: AnyPath | Recipe = "digits",
    *,
    seed: int | None = None,
    chip: str | Chip | None = None,
    settings: Sequence[str] = (),
    network: str | None = None,
    resume: bool = False,
    out: AnyPath | None = None,
    watch: Watch = SILENT,
) -> Ran:
    """Raw data to a chip, as a recipe says: a shipped one by name, a YAML file or a Recipe.

    Trains, quantises after training, compiles for the chip, executes the test set there and in tosa_reference_model,
    judges float, int8 and chip alike, times and prices one inference, and leaves a run folder (`out`, default
    runs/NAME-SEED). `chip`, `seed` and `network` ("package.module:function") replace the recipe's; `settings` replace
    fields of the recipe ("training.epochs=3") or of the chip ("tensor.rows=32"); `name` and `description`, which both
    have, are "recipe.name" and "chip.name". `resume` goes on with a training that was interrupted. The same recipe
    gives the same result but for its `host` block. A chip that differs from the witness is no exception here: see
    `Ran.bit_exact`.
    """
    job, chip_settings = read_job(_name(recipe), settings=settings, network=network, seed=seed)
    described = _chip(chip or job.chip, chip_settings)
    folder = choose_folder(_path(out), f"{job.name}-{job.seed}")
    return run_recipe(job, described, folder, resume=resume, watch=watch)


def train(
    recipe: AnyPath | Recipe = "digits",
    *,
    seed: int | None = None,
    settings: Sequence[str] = (),
    network: str | None = None,
    resume: bool = False,
    out: AnyPath | None = None,
    watch: Watch = SILENT,
) -> Trained:
    """Train as a recipe says, say whether the network fits, and write its weights to `out` (default runs/NAME-SEED).

    Arguments as for `run`; a setting of the chip has no meaning here. Under torchrun all processes train one network.
    """
    job = change_recipe(_name(recipe), settings=settings, network=network, seed=seed)
    return train_recipe(job, out=_path(out), resume=resume, watch=watch)


def compress(
    recipe: AnyPath | Recipe = "digits",
    *,
    chip: str | Chip | None = None,
    settings: Sequence[str] = (),
    network: str | None = None,
    seed: int | None = None,
    budget: Budget | None = None,
    methods: Sequence[str] = (),
    trials: int = 12,
    epochs: int | None = None,
    out: AnyPath | None = None,
    watch: Watch = SILENT,
) -> Compressed:
    """Make a recipe's network smaller for a chip within a budget of latency, energy and lost accuracy.

    Trains the network, or takes it from the folder `out` (default runs/compress-NAME-CHIP-SEED), makes smaller ones of
    it by `methods` (see `chipsmith.flow.compress.METHODS`), judges each on the chip, and chooses one. A structure
    search has `trials` with each of two samplers; `epochs` (default the recipe's) are those of a whole training of a
    smaller network. What is finished stays in the folder: the same call goes on after an interruption. A budget that
    no network meets is no exception here: see `Compressed.result.met`.
    """
    job, chip_settings = read_job(_name(recipe), settings=settings, network=network, seed=seed)
    work = Job(budget=budget or Budget(), methods=methods, trials=trials, epochs=epochs)
    return compress_recipe(job, _chip(chip or job.chip, chip_settings), work, out=_path(out), watch=watch)


def compile(
    model: str,
    *,
    chip: str | Chip = "edge-256",
    settings: Sequence[str] = (),
    calibration: AnyPath | None = None,
    output: AnyPath | None = None,
) -> Compiled:
    """Compile a network for a chip (a name of the catalogue, a YAML file or a Chip) and write the Program to `output`.

    `settings` replace fields of the chip, such as "tensor.rows=32". `calibration` is for a float network alone, of an
    `.onnx` file or a function: an `.npy` file of inputs as the network takes them.
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


def predict(
    program: AnyPath | Program,
    inputs: Sequence[AnyPath],
    *,
    tokens: int = 100,
    temperature: float = 0.0,
    seed: int = 0,
) -> Predicted:
    """Give raw data to a Program that `run` made: what its deployment says, then one inference each, then an answer.

    An input is a file (an image, a sound, a CSV file of rows or of a series), or for a network of texts a text or a
    file with one. A language model writes `tokens` more tokens, the likeliest at `temperature` 0, else drawn by `seed`.
    """
    held = program if isinstance(program, Program) else read_program(Path(program))
    name = held.manifest.network if isinstance(program, Program) else str(program)
    writing = Writing(tokens=tokens, temperature=temperature, seed=seed)
    return predict_raw(held, [os.fspath(one) for one in inputs], writing=writing, name=name)


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


def diff(
    model: str,
    *,
    calibration: AnyPath | None = None,
    chip: str | Chip = "edge-256",
    settings: Sequence[str] = (),
) -> Diff:
    """Layer by layer, the error of int8 against float, and of the simulated chip against onnxruntime or PyTorch.

    `model` is an `.onnx` file or `package.module:function`; `calibration` as for `compile`, and of a QDQ network the
    inputs to compare over, which are random without it.
    """
    return compare_layers(model, calibration, _chip(chip, settings))


def report(folder: AnyPath) -> Ran:
    """Draw the page and the trace of a run folder again, from its result.json alone."""
    path = Path(folder)
    record = read_run(path)
    write_views(path, record)
    return Ran(record=record, folder=path)


def chips() -> tuple[Chip, ...]:
    """The chips of the catalogue, from small to large; `load_chip` of `chipsmith.chip` gives one by name or file."""
    return tuple(load_chip(name) for name in catalogue())


def recipes() -> tuple[Recipe, ...]:
    """The recipes that the package brings, by name."""
    return tuple(load_recipe(name) for name in shipped_recipes())


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
    return tuple(OPERATORS.values())


def doctor() -> Diagnosis:
    """What is installed, what is missing, and the command that mends it."""
    return diagnose()


def _chip(chip: str | Chip, settings: Sequence[str]) -> Chip:
    overrides = parse_chip_settings(settings)
    if isinstance(chip, Chip):
        return override_chip(chip, overrides) if overrides else chip
    return load_chip(chip, overrides)


def _arrays(inputs: AnyPath | Mapping[str, Array], program: Program) -> Mapping[str, Array]:
    return inputs if isinstance(inputs, Mapping) else read_inputs(Path(inputs), program.manifest.inputs)


def _name(recipe: AnyPath | Recipe) -> str | Path | Recipe:
    return recipe if isinstance(recipe, str | Recipe) else Path(recipe)


def _path(path: AnyPath | None) -> Path | None:
    return None if path is None else Path(path)


def _check_asked(inputs: object) -> None:
    if inputs is None:
        raise BadInput("--output needs --input: without inputs only the time is simulated")


def _inferences(program: Program, outputs: Mapping[str, Array]) -> int:
    """How many inferences the outputs hold: 0 where none were asked for."""
    if not outputs:
        return 0
    port = program.manifest.outputs[0]
    return len(outputs[port.name]) // (port.shape[0] if port.shape else 1)
