"""The command line: one command a verb, each a thin call of the function of the same name in `chipsmith.flow`.

Exit codes: 0 done, 1 a check failed, 2 bad input, 3 an operator refused. With --json a command prints one object
on stdout and nothing else. Messages go to stderr.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

import chipsmith
from chipsmith.errors import ChipsmithError

DEBUG_VARIABLE = "CHIPSMITH_DEBUG"

app = typer.Typer(
    name="chipsmith",
    help="Neural networks and the chips they run on, designed together; every number checked by a harder witness.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
ModelName = Annotated[
    str, typer.Argument(metavar="MODEL", help="A .tosa, int8 .tflite or .onnx file, or package.module:function.")
]
ChipName = Annotated[str, typer.Option("--chip", help="A chip of `chipsmith chips`, or a YAML file.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Replace a field of the chip; repeatable.")
]
Calibration = Annotated[
    Path | None, typer.Option(help="Inputs (.npy, .npz) that choose the int8 ranges of a float network.")
]
RecipeName = Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe of `chipsmith recipes`, or a YAML file.")]
OwnNetwork = Annotated[
    str | None, typer.Option("--network", metavar="PACKAGE.MODULE:FUNCTION", help="A network of your own.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a training that was interrupted.")]
Seed = Annotated[
    int | None, typer.Option(help="Seed of the split, the training and all else that is drawn; default the recipe's.")
]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; `arguments` default to the process's own."""
    try:
        app(args=None if arguments is None else list(arguments), prog_name="chipsmith")
    except ChipsmithError as error:
        _leave(str(error), error.exit_code)
    except Exception as error:  # a missing package, or a fault of Chipsmith's own
        if os.environ.get(DEBUG_VARIABLE):
            traceback.print_exc()
        _leave(*_unexpected(error))


def _unexpected(error: Exception) -> tuple[str, int]:
    """The message and the exit code for what no verb raises on purpose."""
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("chipsmith"):
        return f"{error.name} is not installed; `chipsmith doctor` names the command that mends it", 2
    said = " ".join(str(error).split())[:200]
    return f"this is a fault of Chipsmith ({type(error).__name__}: {said}); {DEBUG_VARIABLE}=1 shows where", 1


def _leave(message: str, exit_code: int) -> None:
    print(f"chipsmith: {message}", file=sys.stderr)
    sys.exit(exit_code)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"chipsmith {chipsmith.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def run(
    recipe: RecipeName = "digits",
    chip: Annotated[str | None, typer.Option("--chip", help="A chip, instead of the recipe's.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Replace a field of recipe or chip; repeatable."),
    ] = None,
    network: OwnNetwork = None,
    seed: Seed = None,
    resume: Resume = False,
    out: Annotated[Path | None, typer.Option(help="The run folder; default runs/RECIPE-SEED.")] = None,
    cosim: Annotated[
        bool, typer.Option("--cosim", help="Run one inference on the chip's RTL too, as `cosim`.")
    ] = False,
    json: Json = False,
) -> None:
    """Raw data to a chip: train, quantise, compile, execute bit for bit, time, price, report."""
    from chipsmith import console, flow

    with console.quiet_stdout(json):
        result = flow.run(
            recipe,
            seed=seed,
            chip=chip,
            settings=settings or (),
            network=network,
            resume=resume,
            out=out,
            progress=console.show_progress(),
        )
        beside = flow.cosim(result.program) if cosim else None
    fields = result.to_json() if beside is None else {**result.to_json(), "cosim": beside.to_json()}
    console.show(fields, as_json=json, text=lambda: console.ran(result))
    if beside is not None and not json:
        console.cosimulated(beside)
    if not result.bit_exact:
        _leave(result.difference, 1)
    if beside is not None and not beside.agrees:
        _leave(beside.difference, 1)


@app.command()
def train(
    recipe: RecipeName = "digits",
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Replace a field; repeatable.")
    ] = None,
    network: OwnNetwork = None,
    seed: Seed = None,
    resume: Resume = False,
    out: Annotated[Path | None, typer.Option(help="The folder of weights and curves.")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a recipe file.")] = False,
    json: Json = False,
) -> None:
    """Train a network as a recipe says, validate after each epoch, and say whether it fits."""
    from chipsmith import console, flow
    from chipsmith.learn import recipe_schema

    if schema:
        console.print_json(recipe_schema())
        return
    with console.quiet_stdout(json):
        result = flow.train(
            recipe,
            seed=seed,
            settings=settings or (),
            network=network,
            resume=resume,
            out=out,
            progress=console.show_progress(),
        )
    if console.leads():
        console.show(result.to_json(), as_json=json, text=lambda: console.trained(result))


@app.command()
def recipes(json: Json = False) -> None:
    """The recipes that Chipsmith brings."""
    from chipsmith import console, flow

    held = flow.recipes()
    console.show(console.recipes_json(held), as_json=json, text=lambda: console.recipes(held))


@app.command()
def compress(
    recipe: RecipeName = "digits",
    chip: Annotated[str | None, typer.Option("--chip", help="A chip, instead of the recipe's.")] = None,
    max_latency_us: Annotated[float | None, typer.Option(help="Microseconds that a cold inference may take.")] = None,
    max_energy_uj: Annotated[float | None, typer.Option(help="Microjoules that a cold inference may take.")] = None,
    max_accuracy_drop: Annotated[float, typer.Option(help="Points that may be lost against the float network.")] = 1.0,
    method: Annotated[
        list[str] | None,
        typer.Option(help="quantised_in_training, channels, search, two_of_four, unstructured; repeatable."),
    ] = None,
    trials: Annotated[int, typer.Option(help="Structures that a search looks at, with each of its samplers.")] = 12,
    epochs: Annotated[
        int | None, typer.Option(help="Of a small network's whole training; default the recipe's.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Replace a field of recipe or chip; repeatable."),
    ] = None,
    network: OwnNetwork = None,
    seed: Seed = None,
    out: Annotated[Path | None, typer.Option(help="The folder; default runs/compress-RECIPE-CHIP-SEED.")] = None,
    json: Json = False,
) -> None:
    """Make a network smaller within a budget of latency, energy and lost accuracy; 1 where none is within it."""
    from chipsmith import console, flow
    from chipsmith.studies.budget import Budget

    budget = Budget(max_latency_us=max_latency_us, max_energy_uj=max_energy_uj, max_accuracy_drop=max_accuracy_drop)
    with console.quiet_stdout(json):
        result = flow.compress(
            recipe,
            chip=chip,
            settings=settings or (),
            network=network,
            seed=seed,
            budget=budget,
            methods=method or (),
            trials=trials,
            epochs=epochs,
            out=out,
            progress=console.show_progress(),
        )
    console.show(result.to_json(), as_json=json, text=lambda: console.compressed(result))
    if not result.result.met:
        _leave(result.result.shortfall, 1)


@app.command()
def compile(
    model: ModelName,
    chip: ChipName = "edge-256",
    settings: Settings = None,
    calibration: Calibration = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The .program file to write.")] = None,
    json: Json = False,
) -> None:
    """Compile a network for a chip and say where each operator runs, and why."""
    from chipsmith import console, flow

    with console.quiet_stdout(json):
        result = flow.compile(model, chip=chip, settings=settings or (), calibration=calibration, output=output)
    console.show(result.to_json(), as_json=json, text=lambda: console.compiled(result))


@app.command()
def simulate(
    program: Annotated[Path, typer.Argument(metavar="P.program", help="What `chipsmith compile` wrote.")],
    input: Annotated[Path | None, typer.Option("--input", help="Inputs: .npy, or .npz keyed by tensor name.")] = None,
    output: Annotated[Path | None, typer.Option("--output", help="Where the outputs go: .npy or .npz.")] = None,
    json: Json = False,
) -> None:
    """Execute a program on the simulated chip and time it to the cycle."""
    from chipsmith import console, flow

    with console.quiet_stdout(json):
        result = flow.simulate(program, inputs=input, output=output)
    console.show(result.to_json(), as_json=json, text=lambda: console.simulated(result))


@app.command()
def predict(
    program: Annotated[Path, typer.Argument(metavar="P.program", help="What `chipsmith run` left in its folder.")],
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="An image, a sound, a CSV file; a text or a file with one.")
    ],
    tokens: Annotated[int, typer.Option(help="Tokens that a language model writes.")] = 100,
    temperature: Annotated[float, typer.Option(help="0 takes the likeliest token; 1 draws by probability.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Seed of the tokens that are drawn.")] = 0,
    json: Json = False,
) -> None:
    """Give raw data to a program: preprocess, execute on the simulated chip, and say what the network answers."""
    from chipsmith import console, flow

    with console.quiet_stdout(json):
        result = flow.predict(program, inputs, tokens=tokens, temperature=temperature, seed=seed)
    console.show(result.to_json(), as_json=json, text=lambda: console.predicted(result))


@app.command()
def cosim(
    program: Annotated[Path, typer.Argument(metavar="P.program", help="What `chipsmith compile` wrote.")],
    input: Annotated[
        Path | None, typer.Option("--input", help="Inputs of one inference: .npy or .npz; default random.")
    ] = None,
    wave: Annotated[Path | None, typer.Option(help="Where a waveform (VCD) goes.")] = None,
    json: Json = False,
) -> None:
    """Run a program on the RTL of its chip and compare every bit and cycle with the simulators."""
    from chipsmith import console, flow

    with console.quiet_stdout(json):
        result = flow.cosim(program, inputs=input, wave=wave)
    console.show(result.to_json(), as_json=json, text=lambda: console.cosimulated(result))
    if not result.agrees:
        _leave(result.difference, 1)


@app.command()
def rtl(
    chip: Annotated[str, typer.Argument(help="A chip of `chipsmith chips`, or a YAML file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write.")],
    vector: Annotated[
        list[str] | None, typer.Option("--vector", metavar="MODEL", help="A network for a golden vector; repeatable.")
    ] = None,
    settings: Settings = None,
    json: Json = False,
) -> None:
    """Write a chip's RTL: SystemVerilog, filelist, register map, golden vectors and their testbench."""
    from chipsmith import console, flow

    with console.quiet_stdout(json):
        files = flow.rtl(chip, out=out, models=vector or (), settings=settings or ())
    console.show(console.files_json(files), as_json=json, text=lambda: console.files(out, files))


@app.command()
def synth(
    chip: Annotated[str, typer.Argument(help="A chip of `chipsmith chips`, or a YAML file.")],
    liberty: Annotated[Path, typer.Option(help="The liberty file of the standard cells.")],
    node_nm: Annotated[int, typer.Option(help="The node of these cells, at which the estimate is made.")] = 130,
    settings: Settings = None,
    json: Json = False,
) -> None:
    """Synthesise a chip's RTL with yosys: cells, area a block, area per MAC, longest path, error of the estimate."""
    from chipsmith import console, flow

    with console.quiet_stdout(json):
        result = flow.synth(chip, liberty=liberty, node_nm=node_nm, settings=settings or ())
    console.show(result.to_json(), as_json=json, text=lambda: console.synthesised(result))


@app.command()
def estimate(
    model: ModelName,
    chip: Annotated[str, typer.Option("--chip", help="Chips, separated by commas.")] = "edge-256",
    settings: Settings = None,
    calibration: Calibration = None,
    json: Json = False,
) -> None:
    """Latency, energy, area and cost of a network on one chip or several."""
    from chipsmith import console, flow

    names = [name.strip() for name in chip.split(",") if name.strip()]
    with console.quiet_stdout(json):
        results = flow.estimate(model, chips=names, settings=settings or (), calibration=calibration)
    console.show(console.estimates_json(results), as_json=json, text=lambda: console.estimates(results))


@app.command()
def diff(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="An .onnx file, or package.module:function.")],
    calibration: Calibration = None,
    chip: ChipName = "edge-256",
    settings: Settings = None,
    json: Json = False,
) -> None:
    """Layer by layer: int8 against float, and the simulated chip against onnxruntime or PyTorch."""
    from chipsmith import console, flow

    with console.quiet_stdout(json):
        result = flow.diff(model, calibration=calibration, chip=chip, settings=settings or ())
    console.show(result.to_json(), as_json=json, text=lambda: console.diff(result))


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="RUN_FOLDER", help="What `chipsmith run` left.")],
    json: Json = False,
) -> None:
    """Write the page of a run again from its result.json, and print its closing table."""
    from chipsmith import console, flow

    with console.quiet_stdout(json):
        result = flow.report(folder)
    console.show(result.to_json(), as_json=json, text=lambda: console.ran(result))


@app.command()
def chips(
    name: Annotated[str | None, typer.Argument(help="A chip or a YAML file: prints the whole file.")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a chip file.")] = False,
    json: Json = False,
) -> None:
    """The chips of the catalogue, or one of them whole."""
    from chipsmith import console, flow

    if schema:
        console.print_json(console.schema_json())
    elif name is not None:
        from chipsmith.chip import load_chip

        chip = load_chip(name)
        console.show(console.chip_json(chip), as_json=json, text=lambda: print(chip.to_yaml(), end=""))
    else:
        held = flow.chips()
        console.show(console.chips_json(held), as_json=json, text=lambda: console.chips(held))


@app.command()
def conformance(
    target: Annotated[str, typer.Option(help="reference (the interpreter), npu (the simulated chip) or rtl.")] = "npu",
    op: Annotated[list[str] | None, typer.Option("--op", help="An operator, such as conv2d; repeatable.")] = None,
    seed: Annotated[int | None, typer.Option(help="Draws other cases than the generator's own.")] = None,
    sample: Annotated[int | None, typer.Option(help="So many cases of each operator, spread over all.")] = None,
    most_cycles: Annotated[int, typer.Option(help="Longer cases are not run in RTL.")] = 1_000_000,
    chip: ChipName = "edge-256",
    settings: Settings = None,
    json: Json = False,
) -> None:
    """Run TOSA's official conformance cases and compare every bit; 1 where one does not pass or should be refused."""
    from chipsmith import console, flow

    with console.quiet_stdout(json):
        result = flow.conformance(
            target,
            ops=op or (),
            seed=seed,
            sample=sample,
            most_cycles=most_cycles,
            chip=chip,
            settings=settings or (),
        )
    console.show(result.to_json(), as_json=json, text=lambda: console.conformance(result))
    if result.not_passed:
        _leave(f"{len(result.not_passed)} of {len(result.outcomes)} cases did not pass", 1)


@app.command()
def ops(json: Json = False) -> None:
    """The operators that Chipsmith holds, with their types and rules."""
    from chipsmith import console, flow

    rows = flow.ops()
    console.show(console.ops_json(rows), as_json=json, text=lambda: console.operators(rows))


@app.command()
def doctor(json: Json = False) -> None:
    """What is installed, what is missing, and the command that mends it."""
    from json import dumps

    from chipsmith.diagnosis import describe, diagnose

    found = diagnose()
    print(dumps(found.to_json(), indent=2) if json else describe(found))
    if not found.works:
        _leave("something that every command needs is missing", 1)


if __name__ == "__main__":
    main()
