"""The verbs of a recipe and of what it leaves: run, train, recipes, compress, predict, judge, report."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from chipsmith.api.adopt import adopt_raw
from chipsmith.api.choices import words_in
from chipsmith.api.forms import (
    AllowedFunctions,
    AnyPath,
    ChipInstead,
    DeployedProgram,
    JobSettings,
    OwnNetwork,
    ProgramLimits,
    RecipeArgument,
    RecipeSettings,
    RequiredSignature,
    Resume,
    RunArgument,
    Seed,
    ShowProgress,
    Track,
    Volume,
    Wipe,
)
from chipsmith.api.parameter import Argument, Option, OptionGroup, Parameter
from chipsmith.api.repeat import repeat_call
from chipsmith.api.values import (
    as_chip,
    as_folder,
    as_path,
    as_program,
    as_progress,
    as_recipe_name,
    as_seed,
    as_volume,
    name_program,
)
from chipsmith.api.verb import Schema, Verb
from chipsmith.console import jobs as console
from chipsmith.console.predictions import present_predictions
from chipsmith.console.suggestions import suggest_recipes
from chipsmith.errors import BadInput
from chipsmith.schema import Json

if TYPE_CHECKING:
    from chipsmith.deployment.prediction import Predicted
    from chipsmith.flow.compress import Compressed
    from chipsmith.flow.judging import JudgedProgram
    from chipsmith.flow.live import AnyRecipe
    from chipsmith.flow.results import QuantumRunResult, RunResult, TrainResult
    from chipsmith.learn import Recipe
    from chipsmith.shown import Several
    from chipsmith.studies.budget import Budget
    from chipsmith.tosa.graph import Array


def _budget_options() -> tuple[Parameter, ...]:
    from chipsmith.studies.objectives import OBJECTIVES

    return tuple(
        Parameter(name=objective.bound_name, type=float, default=objective.default, form=Option(help=objective.help))
        for objective in OBJECTIVES
    )


def _build_budget(bounds: Mapping[str, Any]) -> "Budget":
    from chipsmith.studies.budget import Budget

    return Budget(**bounds)


def _recipe_schema() -> Json:
    from chipsmith.learn import recipe_schema

    return recipe_schema()


def run(
    recipe: RecipeArgument = "digits",
    *,
    chip: ChipInstead = None,
    settings: JobSettings = (),
    network: OwnNetwork = None,
    allow: AllowedFunctions = (),
    seed: Seed = None,
    resume: Resume = False,
    out: Annotated[AnyPath | None, Option(help="The run folder; default runs/RECIPE-SEED.")] = None,
    cosim: Annotated[bool, Option(help="Run one inference on the chip's RTL too, as `cosim`.")] = False,
    wipe: Wipe = False,
    volume: Volume = 1_000_000,
    track: Track = (),
    progress: ShowProgress = None,
) -> "RunResult | QuantumRunResult":
    """Raw data to a chip: train, quantise, compile, execute bit for bit, time, price, report.

    `recipe` is a shipped one by name, a YAML file or a Recipe. Its network is trained, quantised after training and
    compiled for the chip; the test set is executed there and in tosa_reference_model; float, int8 and chip are judged
    alike; one inference is timed and priced; a run folder is left (`out`, default runs/NAME-SEED). `chip`, `seed` and
    `network` ("package.module:function") replace the recipe's; `settings` replace fields of the recipe
    ("training.epochs=3") or of the chip ("tensor.rows=32"); `name` and `description`, which both have, are
    "recipe.name" and "chip.name". A function that the recipe's file itself names is code and runs only where `allow`
    names it too. `resume` goes on with a training that was interrupted; `cosim` adds one inference on
    the chip's RTL. `wipe` is as for `compile`, `volume` as for `estimate`. `track` names tools that are told of the
    epochs as they happen and of the figures at the end: "tensorboard" (event files in the run folder) and "mlflow"
    (the store of $MLFLOW_TRACKING_URI, else mlflow.db beside the run folder).

    A quantum network compiles for no chip: it is judged exactly, with shots and with the noise of a device, beside
    classical models on the same features, and the folder has its circuit (QuantumRunResult).

    The same recipe gives the same result but for its `host` block; fresh noise of a private one differs each time. A
    chip that differs from its witness is no exception: see `RunResult.failure`. Raises BadInput and OperatorRefused.
    """
    from chipsmith.costs import DEFAULT_VOLUME
    from chipsmith.flow.quantum_run import run_quantum
    from chipsmith.flow.run import run_recipe
    from chipsmith.flow.run_facts import RunRequest, describe_recipe
    from chipsmith.flow.run_folder import choose_folder, sole_work
    from chipsmith.flow.tracking.tracked import tracked
    from chipsmith.flow.tracking.tracker import parse_trackers
    from chipsmith.flow.training import read_job, refuse_chip, require_chip

    tools = parse_trackers(track)
    named = as_recipe_name(recipe)
    job, chip_settings = read_job(named, settings=settings, network=network, seed=seed, allow=allow)
    given = {"recipe": named, "chip": chip, "settings": settings, "network": network, "allow": allow, "seed": seed}
    command = repeat_call(run, {**given, "cosim": cosim, "wipe": wipe, "volume": volume})
    request = RunRequest(recipe=describe_recipe(job, named), command=command)
    folder = choose_folder(as_path(out), f"{job.name}-{job.seed}")
    if job.is_quantum:
        refuse_chip(
            job,
            {
                "--chip": chip is not None,
                "--cosim": cosim,
                "--wipe": wipe,
                "--volume": volume != DEFAULT_VOLUME,
                **{f"--set {field}": True for field in chip_settings},
            },
        )
        with (
            sole_work(folder),
            tracked(tools, as_progress(progress), folder=folder, recipe=job, command=command.shell) as told,
        ):
            ran = run_quantum(job, folder, resume=resume, progress=told, request=request)
            told.finish(ran)
        return ran
    target = as_chip(chip or require_chip(job, verb="run"), chip_settings)
    chips = as_volume(volume)
    watching = as_progress(progress)
    with (
        sole_work(folder),
        tracked(tools, watching, folder=folder, recipe=job, chip=target.name, command=command.shell) as told,
    ):
        result = run_recipe(job, target, folder, resume=resume, progress=told, wipe=wipe, volume=chips, request=request)
        told.finish(result)
    return _with_cosimulation(result) if cosim else result


def _with_cosimulation(result: "RunResult") -> "RunResult":
    from chipsmith.program.file import read_program
    from chipsmith.program.port_values import draw_inputs
    from chipsmith.witness.cosimulate import compare

    program = read_program(result.program)
    return dataclasses.replace(result, cosim=compare(program, draw_inputs(program, seed=0)))


def train(
    recipe: RecipeArgument = "digits",
    *,
    settings: RecipeSettings = (),
    network: OwnNetwork = None,
    allow: AllowedFunctions = (),
    seed: Seed = None,
    resume: Resume = False,
    out: Annotated[AnyPath | None, Option(help="The folder of weights and curves.")] = None,
    track: Track = (),
    progress: ShowProgress = None,
) -> "TrainResult":
    """Train a network as a recipe says, validate after each epoch, and say whether it fits.

    The weights go to the folder `out` (default runs/NAME-SEED). Arguments as for `run`, `track` among them; a setting
    of the chip has no meaning here. Under torchrun all processes train one network. Raises BadInput.
    """
    from chipsmith.flow.tracking.tracker import parse_trackers
    from chipsmith.flow.training import change_recipe, train_recipe

    job = change_recipe(as_recipe_name(recipe), settings=settings, network=network, seed=seed, allow=allow)
    return train_recipe(
        job, out=as_path(out), resume=resume, progress=as_progress(progress), tools=parse_trackers(track)
    )


def recipes() -> "Several[Recipe]":
    """The recipes that Chipsmith brings.

    By name; `load_recipe` of `chipsmith.learn` gives one by name or file.
    """
    from chipsmith.learn import load_recipe, shipped_recipes
    from chipsmith.shown import Several

    return Several(load_recipe(name) for name in shipped_recipes())


def compress(
    recipe: RecipeArgument = "digits",
    *,
    chip: ChipInstead = None,
    budget: Annotated["Budget | None", OptionGroup(options=_budget_options, build=_build_budget)] = None,
    methods: Annotated[
        Sequence[str],
        Option(
            flags=("--method",),
            choices=words_in("chipsmith.studies.methods", "Method"),
            help="quantised_in_training, channels, search, two_of_four, unstructured; repeatable.",
        ),
    ] = (),
    trials: Annotated[int, Option(help="Structures that a search looks at, with each of its samplers.")] = 12,
    epochs: Annotated[int | None, Option(help="Of a small network's whole training; default the recipe's.")] = None,
    settings: JobSettings = (),
    network: OwnNetwork = None,
    allow: AllowedFunctions = (),
    seed: Seed = None,
    out: Annotated[AnyPath | None, Option(help="The folder; default runs/compress-RECIPE-CHIP-SEED.")] = None,
    progress: ShowProgress = None,
) -> "Compressed":
    """Make a network smaller within a budget of latency, energy and lost accuracy.

    Trains the recipe's network, or takes it from the folder `out` (default runs/compress-NAME-CHIP-SEED), makes smaller
    ones of it by `methods` (see `chipsmith.studies.methods.Method`), judges each on the chip, and chooses one. A
    structure search has `trials` with each of two samplers; `epochs` (default the recipe's) are those of a whole
    training of a smaller network; the other arguments are as for `run`. What is finished stays in the folder: the same
    call goes on after an interruption.

    A budget that no network meets is no exception: see `Compressed.failure`. Raises BadInput and OperatorRefused.
    """
    from chipsmith.flow.compress import compress_recipe
    from chipsmith.flow.training import read_job, require_chip
    from chipsmith.studies.budget import Budget
    from chipsmith.studies.methods import CompressionSettings

    job, chip_settings = read_job(as_recipe_name(recipe), settings=settings, network=network, seed=seed, allow=allow)
    named = require_chip(job, verb="compress")
    target = as_chip(chip or named, chip_settings)
    asked = CompressionSettings(budget=budget or Budget(), methods=methods, trials=trials, epochs=epochs)
    return compress_recipe(job, target, asked, out=as_path(out), progress=as_progress(progress))


def predict(
    program: DeployedProgram,
    inputs: Annotated[
        Sequence["AnyPath | Array"],
        Argument(
            metavar="INPUT...",
            help="An image, a sound, a CSV, .npy or .npz file, a folder of such; a text or a file with one.",
            adopt=adopt_raw,
        ),
    ],
    *,
    tokens: Annotated[int, Option(help="Tokens that a language model writes.")] = 100,
    temperature: Annotated[float, Option(help="0 takes the likeliest token; 1 draws by probability.")] = 0.0,
    seed: Annotated[int, Option(help="Seed of the tokens that are drawn.")] = 0,
    out: Annotated[
        AnyPath | None, Option(flags=("--out", "-o"), help="A file of all answers: .csv, or .json as --json prints.")
    ] = None,
    limits: ProgramLimits = None,
    require_signature: RequiredSignature = None,
    progress: ShowProgress = None,
) -> "Predicted":
    """Give raw data to a program: preprocess, execute on the simulated chip, and say what the network answers.

    `program` is what `run` made, as its folder, its RunResult, a Program or its file: it says itself how raw data
    become its inputs. An input is a file (an image, a sound, a CSV file of rows or of a series), a folder of such,
    an array or a table of pandas, or for a network of texts a text or a file with one. Where right answers are known
    (a folder that is named as a class, the target column of a table, `y` in an `.npz`) the answers are judged. In a
    folder what cannot be read is skipped and named. An input that is unlike the training data has a warning.

    Each example is one inference. A language model writes `tokens` more tokens, the likeliest at `temperature` 0, else
    drawn by `seed`. `out` gets all answers (.csv or .json). `limits` as for `simulate`. `require_signature` is the
    public key of who has to have signed the file. Raises BadInput, and CheckFailed where it is not what was signed.
    """
    from chipsmith.api.deployed import as_inputs, check_answers_file, write_answers
    from chipsmith.deployment.language import Writing
    from chipsmith.deployment.predict import predict_raw

    answers_file = check_answers_file(as_path(out))
    loaded = as_program(program, limits, require_signature)
    name = name_program(program, loaded)
    writing = Writing(tokens=tokens, temperature=temperature, seed=as_seed(seed))
    predicted = predict_raw(
        loaded, as_inputs(inputs), writing=writing, name=name, limits=limits, progress=as_progress(progress)
    )
    if answers_file is not None:
        write_answers(predicted, answers_file)
    return predicted


def judge(
    program: DeployedProgram,
    *,
    recipe: Annotated[
        "AnyRecipe | None",
        Option(
            help="Whose data judge it: a recipe, or a YAML file; default that of the run whose folder is given.",
            suggest=suggest_recipes,
        ),
    ] = None,
    part: Annotated[
        str,
        Option(
            help="The part of the data: validation or test.", choices=words_in("chipsmith.flow.judging", "DataPart")
        ),
    ] = "test",
    settings: RecipeSettings = (),
    limits: ProgramLimits = None,
    require_signature: RequiredSignature = None,
) -> "JudgedProgram":
    """Execute a program on a part of a recipe's data, example by example, and say how good its answers are.

    `program` is what `run` or `search` made of that recipe, as for `predict`; each example is preprocessed,
    executed on the simulated chip in its integers, and judged by the task's metrics with bootstrap intervals. `recipe`
    is a name, a file or a Recipe, `settings` replace fields of it; a run, by its folder or its result, brings its own.
    Where the recipe says `validation.executed`, so many
    examples are executed. `limits` as for `simulate`. `require_signature` is the public key of who has to have signed
    the file. Raises BadInput where program and data do not go together, and CheckFailed where the file is not what was
    signed.
    """
    from chipsmith.flow.judging import judge_program, parse_part
    from chipsmith.flow.live import find_run_recipe
    from chipsmith.flow.training import read_data_recipe

    asked = parse_part(part)
    loaded = as_program(program, limits, require_signature)
    named = find_run_recipe(program) if recipe is None else as_recipe_name(recipe)
    if named is None:
        raise BadInput("say whose data judge the program: --recipe NAME; a run's folder brings its own recipe")
    read = read_data_recipe(named, settings=settings)
    name = name_program(program, loaded)
    return judge_program(loaded, read, asked, name=name, limits=limits)


def report(
    folder: RunArgument,
) -> "RunResult | QuantumRunResult":
    """Write the page of a run again from its result.json, and print its closing table.

    `folder` is a run's, or what `run` returned. The page and the trace come from result.json; why and what helps, where
    a run of before has not kept it, from the folder's network and chip. Raises BadInput where `folder` is no run's.
    """
    from chipsmith.flow.results import QuantumRunResult, RunResult
    from chipsmith.flow.run_folder import draw_again
    from chipsmith.reports.record import RunRecord

    path = as_folder(folder)
    record = draw_again(path)
    if isinstance(record, RunRecord):
        return RunResult(record=record, folder=path)
    return QuantumRunResult(record=record, folder=path)


JOB_VERBS = (
    Verb(
        function=run,
        present=console.present_run,
        fails="the chip differs from its witness",
        verbose=console.WHOLE_RUN,
    ),
    Verb(function=train, present=console.present_training, schema=Schema(of="a recipe file", read=_recipe_schema)),
    Verb(function=recipes, present=console.present_recipes),
    Verb(function=compress, present=console.present_compression, fails="no network is within the budget"),
    Verb(function=predict, present=present_predictions),
    Verb(function=judge, present=console.present_judged),
    Verb(function=report, present=console.present_report, verbose=console.WHOLE_RUN),
)
