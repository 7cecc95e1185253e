"""The verbs of a chip's hardware: cosim, rtl, synth, timing."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chipsmith.api.adopt import adopt_arrays, adopt_runs, adopt_several_arrays
from chipsmith.api.forms import (
    AnyPath,
    ChipArgument,
    ChipSettings,
    CompiledProgram,
    Inputs,
    ProgramLimits,
    RequiredSignature,
)
from chipsmith.api.parameter import Option
from chipsmith.api.values import as_arrays, as_chip, as_model, as_own_program, as_path, as_program
from chipsmith.api.verb import Verb
from chipsmith.console import machines as console
from chipsmith.console.suggestions import suggest_explained
from chipsmith.errors import BadInput

if TYPE_CHECKING:
    from chipsmith.api.forms import AnyModel
    from chipsmith.chip import Chip
    from chipsmith.flow.live import AnyProgram
    from chipsmith.hardware.gates.timing import GateTiming
    from chipsmith.hardware.result import RtlResult
    from chipsmith.tosa.graph import Array
    from chipsmith.witness.cosimulate import CosimResult
    from chipsmith.witness.synthesis import Synthesised


def cosim(
    program: CompiledProgram,
    *,
    inputs: Annotated[
        Inputs,
        Option(flags=("--input",), help="Inputs of one inference: .npy or .npz; default random.", adopt=adopt_arrays),
    ] = None,
    wave: Annotated[AnyPath | None, Option(help="Where a waveform (VCD) goes.")] = None,
    limits: ProgramLimits = None,
    require_signature: RequiredSignature = None,
) -> "CosimResult":
    """Run a program on the RTL of its chip and compare every bit and cycle with the simulators.

    One inference cold, then a warm one with other, random inputs, whose outputs must not depend on the first.
    `program` is a Program or its file; `inputs` of the cold one are arrays by name, or an `.npy` or `.npz` file; `wave`
    is a file for its waveform. Builds of the RTL are cached. A difference is no exception: see
    `CosimResult.difference`. `limits` as for `simulate`. `require_signature` is the public key of who has to have
    signed the file. Raises BadInput, and CheckFailed where it is not what was signed.
    """
    from chipsmith.flow.arrays import check_folder
    from chipsmith.program.port_values import draw_inputs
    from chipsmith.witness.cosimulate import compare

    loaded = as_program(program, limits, require_signature)
    path = as_path(wave)
    if path is not None:
        check_folder(path)
    arrays = draw_inputs(loaded, seed=0) if inputs is None else as_arrays(inputs, loaded)
    return compare(loaded, arrays, wave=path, limits=limits)


def rtl(
    chip: ChipArgument = "edge-256",
    *,
    out: Annotated[AnyPath | None, Option(flags=("--out", "-o"), help="The folder to write.")] = None,
    models: Annotated[
        Sequence["str | AnyModel | AnyProgram"],
        Option(
            flags=("--vector",),
            metavar="MODEL",
            help="A network for a golden vector, or a .program; repeatable.",
            suggest=suggest_explained,
            adopt=adopt_runs,
        ),
    ] = (),
    inputs: Annotated[
        Sequence["str | AnyPath | Array | Mapping[str, Array]"],
        Option(
            flags=("--input",),
            metavar="FILE",
            help="Inputs of the vectors, in their order: .npy, .npz, or raw data of a recipe; default random.",
            adopt=adopt_several_arrays,
        ),
    ] = (),
    lint: Annotated[
        bool, Option(help="Ask every front end that is installed what it has against the sources.")
    ] = False,
    settings: ChipSettings = (),
) -> "RtlResult":
    """Say which memories a chip's RTL has, and write it: SystemVerilog, golden vectors, testbench, driver in C.

    The files go to the folder `out`, if given; its README says how they are used. Each of the networks `models` gives a
    golden vector, for the testbench and in C, on the `inputs` of that place: the integers of one inference, as arrays
    or their file, raw data for a `.program` of a recipe's run, or random ones. With `lint`, Verilator, yosys, slang,
    Verible and Icarus Verilog read the sources, as far as they are installed; their findings are no exception: see
    `RtlResult.failure`. Raises BadInput and OperatorRefused.
    """
    from chipsmith.flow.hardware_reprs import adopt_hardware
    from chipsmith.hardware.lint import lint_chip
    from chipsmith.hardware.memories import rtl_memories
    from chipsmith.hardware.result import RtlResult

    adopt_hardware()
    target = as_chip(chip, settings)
    if models and out is None:
        raise BadInput("golden vectors are files: name the folder that they go to, by --out")
    files = () if out is None else _write_rtl(target, Path(out), models, inputs)
    return RtlResult(chip=target, files=files, memories=rtl_memories(target), lints=lint_chip(target) if lint else ())


def _write_rtl(
    chip: "Chip", folder: Path, models: Sequence[object], inputs: "Sequence[AnyPath | Array | Mapping[str, Array]]"
) -> tuple[Path, ...]:
    from chipsmith.flow.golden_vectors import compile_vectors
    from chipsmith.hardware.export import write_rtl

    networks = [as_own_program(model) or as_model(model) for model in models]
    return tuple(write_rtl(chip, folder, compile_vectors(networks, chip, inputs=inputs)))


def synth(
    chip: ChipArgument = "edge-256",
    *,
    liberty: Annotated[AnyPath, Option(help="The liberty file of the standard cells.")],
    node_nm: Annotated[int, Option(help="The node of these cells, at which the estimate is made.")] = 130,
    settings: ChipSettings = (),
) -> "Synthesised":
    """Synthesise a chip's RTL with yosys: cells, area a block, area per MAC, longest path, error of the estimate.

    The RTL is mapped to the cells of a liberty file; the chip's area estimate is made at `node_nm` nanometres, the node
    of these cells. Takes minutes. Raises BadInput.
    """
    from chipsmith.flow.hardware_reprs import adopt_hardware
    from chipsmith.witness.synthesis import synthesise

    adopt_hardware()
    return synthesise(as_chip(chip, settings), Path(liberty), node_nm=node_nm)


def timing(
    chip: ChipArgument = "edge-256",
    *,
    liberty: Annotated[AnyPath, Option(help="The liberty file of the standard cells, of one corner.")],
    sram: Annotated[
        AnyPath | None, Option(help="A folder of liberty files of memories; else they are left out.")
    ] = None,
    top: Annotated[str, Option(help="The module of the RTL that is timed.")] = "machine",
    paths: Annotated[int, Option(help="How many of the longest paths are listed, each between other registers.")] = 20,
    settings: ChipSettings = (),
) -> "GateTiming":
    """Map a chip's RTL to gates and time it: longest path, its FO4, and the fastest clock, across all modules.

    yosys maps the machine to the cells of a liberty file, and OpenSTA times the netlist at its corner, with setup,
    clock uncertainty and wires before layout. A mapping takes a minute or two and is cached. Raises BadInput.
    """
    from chipsmith.flow.hardware_reprs import adopt_hardware
    from chipsmith.hardware.gates.timing import time_chip

    adopt_hardware()
    if paths < 1:
        raise BadInput(f"--paths {paths}: at least the longest path is listed")
    return time_chip(as_chip(chip, settings), Path(liberty), sram=as_path(sram), top=top, paths=paths)


MACHINE_VERBS = (
    Verb(function=cosim, present=console.present_cosimulation, fails="a bit or a cycle differs"),
    Verb(function=rtl, present=console.present_rtl, fails="a front end has something against the sources"),
    Verb(function=synth, present=console.present_synthesis),
    Verb(function=timing, present=console.present_timing),
)
