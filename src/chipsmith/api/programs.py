"""The verbs of a network and its Program on a chip: compile, simulate, estimate, diff."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from chipsmith.api.forms import (
    AnyPath,
    Calibration,
    ChipOption,
    ChipSettings,
    CompiledProgram,
    CompilerStages,
    Inputs,
    Model,
)
from chipsmith.api.parameter import Argument, Option
from chipsmith.api.values import as_arrays, as_chip, as_path, as_program
from chipsmith.api.verb import Verb
from chipsmith.console import programs as console
from chipsmith.errors import BadInput

if TYPE_CHECKING:
    from chipsmith.chip import Chip
    from chipsmith.flow.results import CompileResult, Estimate, SimResult
    from chipsmith.witness.diff.compare import Diff


def compile(
    model: Model,
    *,
    chip: ChipOption = "edge-256",
    settings: ChipSettings = (),
    calibration: Calibration = None,
    output: Annotated[AnyPath | None, Option(flags=("--output", "-o"), help="The .program file to write.")] = None,
    print_after: CompilerStages = (),
) -> "CompileResult":
    """Compile a network for a chip and say where each operator runs, and why.

    `model` names a network: a `.tosa`, int8 `.tflite` or `.onnx` file, or "package.module:function" of a function that
    returns a torch.nn.Module. `chip` is a name of the catalogue, a YAML file or a Chip; `settings` replace fields of
    it, such as "tensor.rows=32". `calibration` is for a float network alone, of an `.onnx` file or a function: an
    `.npy` file of inputs as the network takes them. The Program is written to `output`, if given. `print_after` names
    stages of the compiler; what each of these made is in the result as text.

    Raises BadInput for what is missing or illegal, OperatorRefused for what the chip cannot do.
    """
    from chipsmith.compiler.network import compile_network_stages
    from chipsmith.compiler.stage import parse_stages
    from chipsmith.flow.arrays import check_folder
    from chipsmith.flow.results import CompileResult
    from chipsmith.frontends.registry import load_model
    from chipsmith.program.file import write_program

    path = as_path(output)
    if path is not None:
        check_folder(path)
    asked = parse_stages(print_after)
    target = as_chip(chip, settings)
    network = load_model(model, calibration)
    compilation = compile_network_stages(network.graph, target, operator_names=network.operator_names)
    if path is not None:
        write_program(compilation.program, path)
    stages = {stage.value: compilation.text(stage) for stage in asked}
    return CompileResult(
        program=compilation.program,
        host_steps=network.host_steps,
        path=path,
        stages=stages,
    )


def simulate(
    program: CompiledProgram,
    *,
    inputs: Annotated[Inputs, Option(flags=("--input",), help="Inputs: .npy, or .npz keyed by tensor name.")] = None,
    output: Annotated[AnyPath | None, Option(help="Where the outputs go: .npy or .npz.")] = None,
) -> "SimResult":
    """Execute a program on the simulated chip and time it to the cycle.

    `program` is a Program or its file. `inputs` are arrays by name, or an `.npy` or `.npz` file: each has the port's
    type and shape, with the leading dimension times the number of inferences. Without them only time is simulated, that
    of one inference, cold and warm. `output` takes the results.

    Raises BadInput for files or inputs that do not fit.
    """
    from chipsmith.flow.arrays import check_output, write_outputs
    from chipsmith.flow.results import SimResult
    from chipsmith.sim.cycle import simulate as simulate_cycles
    from chipsmith.sim.functional import execute

    loaded = as_program(program)
    path = as_path(output)
    if path is not None:
        if inputs is None:
            raise BadInput("--output needs --input: without inputs only the time is simulated")
        check_output(path, loaded.manifest.outputs)
    outputs = {} if inputs is None else execute(loaded, as_arrays(inputs, loaded))
    if path is not None:
        write_outputs(path, outputs)
    return SimResult(
        program=loaded,
        outputs=outputs,
        cold=simulate_cycles(loaded),
        warm=simulate_cycles(loaded, warm=True),
        path=path,
    )


def estimate(
    model: Model,
    *,
    chips: Annotated[
        Sequence["str | Chip"], Option(flags=("--chip",), separator=",", help="Chips, separated by commas.")
    ] = ("edge-256",),
    settings: ChipSettings = (),
    calibration: Calibration = None,
) -> "tuple[Estimate, ...]":
    """Latency, energy, area and cost of a network on one chip or several.

    One Estimate a chip, in their order; arguments and errors as for `compile`.
    """
    from chipsmith.chip import catalogue
    from chipsmith.compiler.network import compile_network
    from chipsmith.flow.results import Estimate
    from chipsmith.frontends.registry import load_model
    from chipsmith.profile.measure import describe_chip, quick_profile

    if not chips:
        raise BadInput(f"no chip is named; the catalogue has {', '.join(catalogue())}")
    targets = [as_chip(chip, settings) for chip in chips]
    network = load_model(model, calibration)
    return tuple(
        Estimate(
            network=network.graph.name,
            chip=describe_chip(chip),
            inference=quick_profile(compile_network(network.graph, chip, operator_names=network.operator_names)),
        )
        for chip in targets
    )


def diff(
    model: Annotated[str, Argument(metavar="MODEL", help="An .onnx file, or package.module:function.")],
    *,
    calibration: Calibration = None,
    chip: ChipOption = "edge-256",
    settings: ChipSettings = (),
) -> "Diff":
    """Layer by layer: int8 against float, and the simulated chip against onnxruntime or PyTorch.

    `calibration` as for `compile`; of a QDQ network it is the inputs to compare over, which are random without it.
    Raises as `compile`.
    """
    from chipsmith.witness.diff.compare import compare_layers

    return compare_layers(model, calibration, as_chip(chip, settings))


PROGRAM_VERBS = (
    Verb(function=compile, present=console.present_program),
    Verb(function=simulate, present=console.present_simulation),
    Verb(function=estimate, present=console.present_estimates),
    Verb(function=diff, present=console.present_diff),
)
