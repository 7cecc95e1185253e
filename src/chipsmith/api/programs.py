"""The verbs of a network and its Program on a chip: compile, simulate, infer, estimate, diff."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from chipsmith.api.adopt import adopt_arrays, adopt_needed_arrays
from chipsmith.api.choices import target_words, words_in
from chipsmith.api.forms import (
    AllowedFunctions,
    AnyPath,
    Calibration,
    ChipOption,
    ChipsByChip,
    ChipSettings,
    ChipsOption,
    CompiledProgram,
    CompilerStages,
    Floor,
    Inputs,
    Model,
    ProgramLimits,
    Quantise,
    RandomCalibration,
    RequiredSignature,
    Shapes,
    TargetDb,
    Volume,
    WideLayers,
    Wipe,
    WithoutCheck,
)
from chipsmith.api.loading import QUANTISE, describe_quantisation, load_network, read_options, resolve_source
from chipsmith.api.parameter import Option
from chipsmith.api.values import (
    as_arrays,
    as_arrays_by_name,
    as_chip,
    as_chips,
    as_decibels,
    as_genuine_model,
    as_own_program,
    as_path,
    as_program,
    as_sourced_model,
    as_volume,
)
from chipsmith.api.verb import Verb
from chipsmith.console import programs as console
from chipsmith.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from chipsmith.flow.residue import LeftBehind
    from chipsmith.flow.results import CompileResult, Estimates, InferResult, SimResult
    from chipsmith.frontends.quantized_network import QuantizedNetwork
    from chipsmith.profile.profile import HostStep
    from chipsmith.program.limits import Limits
    from chipsmith.program.program import Program
    from chipsmith.tosa.graph import Array
    from chipsmith.witness.check.verdict import SourceCheck
    from chipsmith.witness.diff.compare import Diff


def compile(
    model: Model,
    *,
    chip: ChipOption = "edge-256",
    settings: ChipSettings = (),
    calibration: Calibration = None,
    random_calibration: RandomCalibration = False,
    shapes: Shapes = (),
    quantise: Quantise = "auto",
    wide: WideLayers = (),
    target_db: TargetDb = 20.0,
    wipe: Wipe = False,
    output: Annotated[AnyPath | None, Option(flags=("--output", "-o"), help="The .program file to write.")] = None,
    floor: Floor = 20.0,
    no_check: WithoutCheck = False,
    print_after: CompilerStages = (),
) -> "CompileResult":
    """Compile a network for a chip and say where each operator runs, and why.

    `model` names a network: a `.tosa`, `.tflite` or `.onnx` file, or "package.module:function" of a function that
    returns a torch.nn.Module; or it is such a module itself, a Graph or a QuantizedNetwork. What `run` or `train`
    returned, and the folder of a run, stand for the network that they hold. `chip` is a name of the catalogue, a YAML
    file or a Chip; `settings` replace fields of it, such as "tensor.rows=32". `calibration` is for a float network
    alone: inputs as the network takes them, n of them along the first axis, by name where there are several, or the
    file of such (`.npy`, `.npz`); `random_calibration` draws them. `shapes` are those of inputs whose sizes the network
    leaves open, as "name=1x3x224x224". `quantise` says how the ranges of a float network are chosen over the
    calibration, and `wide` names operators whose results have 16 bits instead of 8; more get them, the most sensitive
    first, until the outputs over the calibration reach `target_db`. With `wipe` each inference ends by clearing all
    that depends on its inputs but the outputs, on the chip and in external memory. The Program is written to `output`,
    if given. `print_after` names stages of the compiler; what each of these made is in the result as text.

    The author's own network, unchanged, runs beside the Program unless `no_check`: see `CompileResult.check`. An output
    of a float network is wrong under `floor` dB; the Program is written all the same.

    Raises BadInput for what is missing or illegal, OperatorRefused for what the chip cannot do.
    """
    from chipsmith.compiler.network import compile_network_stages
    from chipsmith.compiler.stage import parse_stages
    from chipsmith.flow.arrays import check_folder
    from chipsmith.flow.results import CompileResult
    from chipsmith.program.file import write_program

    path, least_db = as_path(output), as_decibels(floor, "--floor")
    if path is not None:
        check_folder(path)
    asked = parse_stages(name for name in print_after if name != QUANTISE)
    target = as_chip(chip, settings)
    options = read_options(shapes=shapes, quantise=quantise, wide=wide, target_db=target_db)
    network = load_network(model, calibration, random_calibration=random_calibration, options=options)
    compilation = compile_network_stages(network.graph, target, operator_names=network.operator_names, wipe=wipe)
    if path is not None:
        write_program(compilation.program, path)
    stages = {stage.value: compilation.text(stage) for stage in asked}
    if QUANTISE in print_after:
        stages = {QUANTISE: describe_quantisation(network), **stages}
    return CompileResult(
        program=compilation.program,
        host_steps=network.host_steps,
        path=path,
        stages=stages,
        quantisation=None if network.quantisation is None else network.quantisation.report,
        check=None if no_check else _check(network, compilation.program, model, least_db, random_calibration),
    )


def _check(
    network: "QuantizedNetwork", program: "Program", model: object, floor: float, random_calibration: bool
) -> "SourceCheck | None":
    if network.source is None:  # nothing to check, nothing to import
        return None
    from chipsmith.frontends.registry import name_model
    from chipsmith.targets import HostedGraph
    from chipsmith.targets.npu import NpuGraph
    from chipsmith.witness.check.check import check_network

    chip = HostedGraph(host=network, graph=NpuGraph(program=program))
    return check_network(network, chip, model=name_model(model), floor=floor, random_calibration=random_calibration)


def simulate(
    program: CompiledProgram,
    *,
    inputs: Annotated[
        Inputs, Option(flags=("--input",), help="Inputs: .npy, or .npz keyed by tensor name.", adopt=adopt_arrays)
    ] = None,
    output: Annotated[AnyPath | None, Option(help="Where the outputs go: .npy or .npz.")] = None,
    residue: Annotated[bool, Option(help="List what an inference leaves in the memories and registers.")] = False,
    limits: ProgramLimits = None,
    require_signature: RequiredSignature = None,
) -> "SimResult":
    """Execute a program on the simulated chip and time it to the cycle.

    `program` is a Program or its file; or what `compile`, `run` or another verb returned that has one, or a run's
    folder. `inputs` are arrays by name, the array of an only input, or an `.npy` or `.npz` file: each has the port's
    type and shape, with the leading dimension times the number of inferences. Without them only time is simulated, that
    of one inference, cold and warm. An index that a table has no row for reads zeros, and is told
    (`SimResult.stray_indices`). `output` takes the results. `residue` asks what an inference leaves behind: which bytes
    and registers may depend on its inputs, and which bytes differ between two inferences. A program that takes more
    memory, or to execute more cycles, than `limits` allow is refused with what it would take; without them they are
    those of the variables CHIPSMITH_MEMORY_LIMIT and CHIPSMITH_WORK_LIMIT, or 2 GiB and 10^9 cycles.
    `require_signature` is the public key of who has to have signed the file.

    Raises BadInput for files or inputs that do not fit, CheckFailed where the file is not what was signed.
    """
    from chipsmith.flow.arrays import check_output, write_outputs
    from chipsmith.flow.results import SimResult
    from chipsmith.program.port_values import describe_stray_inputs
    from chipsmith.sim.cycle import simulate as simulate_cycles
    from chipsmith.sim.functional import execute

    loaded = as_program(program, limits, require_signature)
    path = as_path(output)
    if path is not None:
        if inputs is None:
            raise BadInput("--output needs --input: without inputs only the time is simulated")
        check_output(path, [port.name for port in loaded.manifest.outputs])
    arrays = {} if inputs is None else as_arrays(inputs, loaded)
    outputs = {} if inputs is None else execute(loaded, arrays, limits=limits)
    if path is not None:
        write_outputs(path, outputs)
    return SimResult(
        program=loaded,
        outputs=outputs,
        cold=simulate_cycles(loaded),
        warm=simulate_cycles(loaded, warm=True),
        path=path,
        stray_indices=describe_stray_inputs(loaded, arrays),
        residue=_residue(loaded, arrays, limits) if residue else None,
    )


def _residue(program: "Program", given: "Mapping[str, Array]", limits: "Limits | None") -> "LeftBehind":
    from chipsmith.flow.residue import measure_residue

    return measure_residue(program, given, limits=limits)


def infer(
    model: Model,
    *,
    inputs: Annotated[
        "AnyPath | Array | Mapping[str, Array]",
        Option(
            flags=("--input",),
            help="Inputs as the network takes them: .npy, or .npz keyed by their names.",
            adopt=adopt_needed_arrays,
        ),
    ],
    calibration: Calibration = None,
    random_calibration: RandomCalibration = False,
    shapes: Shapes = (),
    quantise: Quantise = "auto",
    wide: WideLayers = (),
    target_db: TargetDb = 20.0,
    output: Annotated[AnyPath | None, Option(help="Where the outputs go: .npz keyed by their names.")] = None,
    chip: ChipOption = "edge-256",
    settings: ChipSettings = (),
    target: Annotated[
        str,
        Option(help="What runs it: a target of `chipsmith doctor`, such as source or cpu.", choices=target_words),
    ] = "npu",
    runtime: Annotated[
        str | None,
        Option(
            help="The library that runs it on target cpu, such as openvino.",
            choices=words_in("chipsmith.runtimes.runtime", "Runtime"),
        ),
    ] = None,
    precision: Annotated[
        str | None,
        Option(
            help="What target cpu computes in: int8 or float32.",
            choices=words_in("chipsmith.targets.target", "Precision"),
        ),
    ] = None,
    threads: Annotated[int | None, Option(help="How many threads cpu and torch may use; default all.")] = None,
    timed: Annotated[
        int | None, Option(flags=("--time",), metavar="N", help="Measure so many warm inferences of the first input.")
    ] = None,
    board: Annotated[
        str | None,
        Option(
            help="The emulated board of the target c: mps2-an386, mps2-an500, riscv32-virt, riscv32-virt-im.",
            choices=words_in("chipsmith.codegen.boards.catalogue", "BOARDS"),
        ),
    ] = None,
    limits: ProgramLimits = None,
    require_signature: RequiredSignature = None,
) -> "InferResult":
    """Give a network its author's inputs and take its author's outputs, on any target.

    `inputs` is an array, arrays by the author's names, or their file. Of a network that takes [b, ...] an array is
    (n, b, ...), n inferences of the network's own batch; or (n x b, ...), the same joined along the first axis; or,
    where b is 1, (...), one inference without it. The outputs lie as the inputs do, in the source's layout and type, by
    the author's names; those of a module are `output`, or `output_0`, `output_1` and so on. They go to `output`, if
    given. A network that keeps a state runs its inferences in order. `runtime`, `precision` and `threads` are those of
    targets that take them. `timed` says how many warm inferences are measured, on targets that this computer's clock
    times; the result's latency has their median and 99th percentile. An index that a table has no row for reads zeros,
    and is told (`InferResult.stray_indices`), as are values beyond the
    integers (`InferResult.clipped_inputs`). On a `board`, which an emulator has, the instructions of each inference
    are counted. `require_signature` is the public key of who has to have signed the network's file, and nothing but
    that file is read then. The other arguments are as for `compile`.

    Raises BadInput for what is missing or does not fit, OperatorRefused for what the target cannot do, CheckFailed
    where the file is not what was signed.
    """
    from chipsmith.flow.arrays import check_output, write_outputs
    from chipsmith.flow.inference import (
        arrange_inputs,
        describe_clipped,
        describe_stray_indices,
        infer_counted,
        infer_outputs,
        time_inferences,
    )
    from chipsmith.flow.results import InferResult
    from chipsmith.targets import CountedNetwork, HostedGraph, TargetOptions, load_target, read_precision

    with as_genuine_model(model, require_signature) as genuine:
        wanted = TargetOptions(
            runtime=runtime, precision=read_precision(precision), threads=threads, board=board, limits=limits
        )
        runner = load_target(target, as_chip(chip, settings), wanted)
        given, path = as_arrays_by_name(inputs), as_path(output)
        options = read_options(shapes=shapes, quantise=quantise, wide=wide, target_db=target_db)
        network = load_network(genuine, calibration, random_calibration=random_calibration, options=options)
        if path is not None:
            check_output(path, network.output_names)
        inferences = arrange_inputs(network, given)
        prepared = runner.prepare(network)
        latency = None if timed is None else time_inferences(prepared, inferences, target=target, count=timed)
        if isinstance(prepared, CountedNetwork):
            outputs, counted = infer_counted(network, prepared, inferences)
        else:
            outputs, counted = infer_outputs(network, prepared, inferences), None
        if path is not None:
            write_outputs(path, outputs)
        return InferResult(
            network=network.graph.name,
            target=runner,
            inferences=inferences.count,
            outputs=outputs,
            path=path,
            stray_indices=describe_stray_indices(network, inferences),
            clipped_inputs=describe_clipped(network, inferences) if isinstance(prepared, HostedGraph) else (),
            latency=latency,
            counted=counted,
        )


def estimate(
    model: Model,
    *,
    chips: ChipsOption = None,
    chip: ChipsByChip = None,
    settings: ChipSettings = (),
    calibration: Calibration = None,
    random_calibration: RandomCalibration = False,
    shapes: Shapes = (),
    quantise: Quantise = "auto",
    wide: WideLayers = (),
    target_db: TargetDb = 20.0,
    floor: Floor = 20.0,
    no_check: WithoutCheck = False,
    volume: Volume = 1_000_000,
    html: Annotated[AnyPath | None, Option(metavar="PAGE", help="The page to write.")] = None,
) -> "Estimates":
    """Latency, energy, area and cost of a network on one chip or several.

    One Estimate a chip, in their order; arguments and errors as for `compile`. `chips`, or `chip`, is one chip or
    several: a sequence, or a text with commas. The network is checked once, on the first chip. `volume` is the number
    of chips that are built: a chip's cost has its share of masks and design. `model` may also be a Program, or what
    `compile` or `simulate` returned: that is estimated on its own chip. A page goes to `html`, if given: the chips side
    by side, what bounds each, their layers; an Estimate then has a Profile.
    """
    from chipsmith.compiler.network import compile_network
    from chipsmith.flow.arrays import check_folder

    path = as_path(html)
    if path is not None:
        check_folder(path)
    built = as_volume(volume)
    program = as_own_program(model)
    if program is not None:
        if (chip, chips, *settings) != (None, None):
            raise BadInput(f"a Program has its chip, {program.chip.name}: give the network for another one")
        return _estimates(program.manifest.network, [program], None, (), volume=built, path=path)
    targets, least_db = as_chips(chip, chips, settings), as_decibels(floor, "--floor")
    options = read_options(shapes=shapes, quantise=quantise, wide=wide, target_db=target_db)
    network = load_network(model, calibration, random_calibration=random_calibration, options=options)
    programs = [compile_network(network.graph, target, operator_names=network.operator_names) for target in targets]
    check = None if no_check else _check(network, programs[0], model, least_db, random_calibration)
    return _estimates(network.graph.name, programs, check, network.host_steps, volume=built, path=path)


def _estimates(
    network: str,
    programs: "list[Program]",
    check: "SourceCheck | None",
    host_steps: "Sequence[HostStep]",
    *,
    volume: int,
    path: "Path | None",
) -> "Estimates":
    """The estimates of a network's Programs, and their page where a path is given."""
    from chipsmith.flow.results import Estimate, Estimates
    from chipsmith.profile.measure import describe_chip, quick_profile

    if path is not None:
        return _estimate_on_page(network, programs, check, host_steps, volume=volume, path=path)
    return Estimates(
        Estimate(
            network=network,
            chip=describe_chip(program.chip),
            inference=quick_profile(program, volume=volume),
            check=check,
            program=program,
        )
        for program in programs
    )


def _estimate_on_page(
    network: str,
    programs: "list[Program]",
    check: "SourceCheck | None",
    host_steps: "Sequence[HostStep]",
    *,
    volume: int,
    path: "Path",
) -> "Estimates":
    """The estimates of a network's Programs, with their page."""
    from chipsmith.flow.results import Estimate, Estimates
    from chipsmith.reports.charts import distinct
    from chipsmith.reports.estimates.page import write_estimates_page
    from chipsmith.reports.estimates.record import EstimateRecord, estimate_in_full

    names = distinct([program.chip.name for program in programs])
    rows = tuple(
        estimate_in_full(program, name=name, volume=volume) for name, program in zip(names, programs, strict=True)
    )
    record = EstimateRecord(network=network, chips=rows, check=check, host_steps=tuple(host_steps))
    write_estimates_page(record, path)
    return Estimates(
        Estimate(network=network, chip=row.chip, inference=row.inference, check=check, program=program)
        for row, program in zip(rows, programs, strict=True)
    )


def diff(
    model: Model,
    *,
    calibration: Calibration = None,
    shapes: Shapes = (),
    quantise: Quantise = "auto",
    wide: WideLayers = (),
    target_db: TargetDb = 20.0,
    chip: ChipOption = "edge-256",
    settings: ChipSettings = (),
    allow: AllowedFunctions = (),
) -> "Diff":
    """Layer by layer: int8 against the author's own network, and the simulated chip against a witness in int8.

    Arguments as for `compile`; of a network that is quantised already `calibration` is the inputs to compare over,
    which are random without it. A run, as its result or its folder, is compared with its own module, whose data are
    read for that; a function that its recipe names is code and runs only where `allow` names it too. Raises as
    `compile`, and BadInput for a `.tosa` file, which has no other source.
    """
    from chipsmith.witness.diff.compare import compare_layers

    options = read_options(shapes=shapes, quantise=quantise, wide=wide, target_db=target_db)
    network = as_sourced_model(model, allow)
    inputs = resolve_source(calibration, network, options)
    return compare_layers(network, inputs, as_chip(chip, settings), options)


PROGRAM_VERBS = (
    Verb(
        function=compile,
        present=console.present_program,
        fails="an output is not that of the author's network",
        verbose=console.PLACEMENT,
    ),
    Verb(function=simulate, present=console.present_simulation, verbose=console.KERNELS),
    Verb(function=infer, present=console.present_inference),
    Verb(
        function=estimate,
        present=console.present_estimates,
        fails="an output is not that of the author's network",
        verbose=console.SOURCES,
    ),
    Verb(function=diff, present=console.present_diff),
)
