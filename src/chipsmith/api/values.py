"""From what a verb is given, a name or a file or the thing itself, to the thing."""

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chipsmith.api.adopt import adopt_run
from chipsmith.api.forms import AnyPath
from chipsmith.errors import BadInput

if TYPE_CHECKING:
    from chipsmith.api.forms import AnyChip, SomeChips
    from chipsmith.chip import Chip
    from chipsmith.flow.live import AnyProgram, AnyRecipe, AnyRun
    from chipsmith.flow.results import CompileResult
    from chipsmith.learn import Recipe
    from chipsmith.learn.progress import Progress
    from chipsmith.program.limits import Limits
    from chipsmith.program.program import Program
    from chipsmith.tosa.graph import Array


DEFAULT_CHIP = "edge-256"
"""The chip where none is named."""


def as_path(path: AnyPath | None) -> Path | None:
    """A path; None stays None."""
    return None if path is None else Path(path)


def as_chip(chip: "AnyChip", settings: Sequence[str]) -> "Chip":
    """A Chip, or that of a name of the catalogue or a YAML file, with fields replaced by settings ("tensor.rows=32").

    Raises BadInput.
    """
    from chipsmith.chip import Chip, load_chip, override_chip, parse_chip_settings

    overrides = parse_chip_settings(settings)
    if isinstance(chip, str | os.PathLike):
        return load_chip(chip if isinstance(chip, str) else Path(chip), overrides)
    if not isinstance(chip, Chip):
        raise BadInput(f"a chip is a name, a YAML file or a Chip, and a {type(chip).__name__} is given")
    return override_chip(chip, overrides) if overrides else chip


def as_chips(chip: "SomeChips | None", chips: "SomeChips | None", settings: Sequence[str]) -> "list[Chip]":
    """One Chip or several, by whichever of the two words they are given; edge-256 where neither is.

    Each is what as_chip takes, and a text may hold several, separated by commas. Raises BadInput.
    """
    from chipsmith.chip import catalogue

    if chip is not None and chips is not None:
        raise BadInput("chip and chips are one thing by two words: give one of them")
    given = next((words for words in (chip, chips) if words is not None), DEFAULT_CHIP)
    if isinstance(given, str):
        named: list[AnyChip] = [given] if Path(given).is_file() else _split(given)
    else:
        named = list(given) if isinstance(given, Sequence) else [given]
    if not named:
        raise BadInput(f"no chip is named; the catalogue has {', '.join(catalogue())}")
    return [as_chip(each, settings) for each in named]


def _split(words: str) -> "list[AnyChip]":
    return [word.strip() for word in words.split(",") if word.strip()]


def as_seed(seed: int) -> int:
    """A seed of random numbers. Raises BadInput for a negative one."""
    if seed < 0:
        raise BadInput(f"a seed is 0 or more; {seed} is given")
    return seed


def as_volume(volume: int) -> int:
    """A number of chips that are built. Raises BadInput for none."""
    from chipsmith.costs.cost import check_volume

    check_volume(volume)
    return volume


def as_decibels(value: float, option: str) -> float:
    """A number of decibels for an option. Raises BadInput for one that is not finite: nothing is above or below it."""
    if not math.isfinite(value):
        raise BadInput(f"{option} is a number of decibels, such as 20; {value} is given")
    return value


def as_program(program: "AnyProgram", limits: "Limits | None", require_signature: AnyPath | None) -> "Program":
    """A Program, or that of a file, a run or another result, see `chipsmith.flow.live.find_program`.

    With `require_signature` its signature is verified before anything is parsed. It may take no more than the limits.
    The bytes that are parsed are those that were verified. Raises BadInput, and CheckFailed where they are not what was
    signed.
    """
    from chipsmith.program.file import parse_program, read_program
    from chipsmith.program.program import Program

    given = find_program(program)
    if require_signature is None:
        return given if isinstance(given, Program) else read_program(given, limits=limits)
    if isinstance(given, Program):
        raise BadInput("a Program in memory has no signature; give its file to require one")
    return parse_program(_read_genuine(given, require_signature), name=str(given), limits=limits)


def find_program(program: "AnyProgram") -> "Program | Path":
    """As `chipsmith.flow.live.find_program`; what needs none of its imports is told apart first. Raises BadInput."""
    from chipsmith.program.program import Program

    if isinstance(program, Program):
        return program
    if isinstance(program, str | os.PathLike) and not Path(program).is_dir():
        _refuse_unknown_name(Path(program))
        return Path(program)
    from chipsmith.flow import live

    return live.find_program(program)


def _refuse_unknown_name(path: Path) -> None:
    """Raise BadInput for what is no file and looks like the name of a run, with the runs that there are."""
    if path.suffix or len(path.parts) != 1 or path.exists():
        return
    from chipsmith.console.suggestions import suggest_runs
    from chipsmith.suggest import nearest_at_end

    runs = list(suggest_runs())
    listed = f"; there are {', '.join(runs[:_SOME_RUNS])}{', ...' if len(runs) > _SOME_RUNS else ''}" if runs else ""
    hint = nearest_at_end(path.name, runs) or listed
    raise BadInput(f"there is no file or folder {path}, and no run of that name in ./runs{hint}")


_SOME_RUNS = 5
"""Runs that a message names."""


def name_program(program: "AnyProgram", loaded: "Program") -> str:
    """What a program is called in messages: its file or folder, else its network."""
    return str(program) if isinstance(program, str | os.PathLike) else loaded.manifest.network


def as_model(model: object) -> object:
    """A network for the front ends: what they take themselves, or that of a run, a training or their folders.

    See `chipsmith.flow.live.find_network`. Raises BadInput.
    """
    if _is_plain_model(model):
        return model
    from chipsmith.flow.live import find_network

    return find_network(model)


def as_named_network(model: object) -> object:
    """A network by its name, with a run or a training as its folder; one in memory as it is.

    What is known by name, and recipes, come before the runs in ./runs.
    """
    if isinstance(model, str):
        from chipsmith.flow.generation_networks import DEFAULT_NETWORKS
        from chipsmith.learn import shipped_recipes

        return model if model in (*DEFAULT_NETWORKS, *shipped_recipes()) else adopt_run(model)
    if isinstance(model, os.PathLike):
        return os.fspath(model)
    from chipsmith.flow.results import QuantumRunResult, RunResult, TrainResult

    match model:
        case RunResult() | QuantumRunResult():
            return str(model.folder)
        case TrainResult():
            return str(model.path.parent)
    return model


def as_deployable(model: object) -> object:
    """A model as it is; a run's result as its folder, which has the preprocessing too."""
    if _is_plain_model(model):
        return model
    from chipsmith.flow.results import RunResult

    return model.folder if isinstance(model, RunResult) else model


def as_own_program(model: object) -> "Program | None":
    """The Program that a model is, or that a result of compiling or simulating holds; None where it is a network."""
    if _is_plain_model(model):
        return None
    from chipsmith.flow.live import find_own_program

    return find_own_program(model)


def as_sourced_model(model: object, allow: Sequence[str]) -> object:
    """As as_model, a run's network with the module that it was quantised from.

    A function that the run's recipe names is called only where `allow` names it.
    """
    if _is_plain_model(model):
        return model
    from chipsmith.flow.live import find_network

    return find_network(model, sourced=True, allow=allow)


def _is_plain_model(model: object) -> bool:
    """Whether a model is a name, as most are: then nothing has to be imported to tell."""
    return isinstance(model, str | os.PathLike) and not Path(model).is_dir()


def _read_genuine(path: Path, public_key: AnyPath) -> bytes:
    from chipsmith.deployment.signatures.keys import read_public_key
    from chipsmith.deployment.signatures.signature import read_genuine

    return read_genuine(path, read_public_key(Path(public_key)))


@contextmanager
def as_genuine_model(model: object, require_signature: AnyPath | None) -> "Iterator[Any]":
    """A model as it is given; with a signature required, a private copy of its file, which is what was verified.

    Raises BadInput where a model is no file, and CheckFailed where it is not what was signed.
    """
    if require_signature is None:
        yield model
        return
    from chipsmith.deployment.signatures.keys import read_public_key
    from chipsmith.deployment.signatures.signature import genuine_copy

    if not isinstance(model, str | os.PathLike) or not Path(model).exists():
        raise BadInput("a signature is required, and only files and folders have one; name the network's file")
    with genuine_copy(Path(model), read_public_key(Path(require_signature))) as copy:
        yield str(copy)


def as_arrays(inputs: "AnyPath | Array | Mapping[str, Array]", program: "Program") -> "Mapping[str, Array]":
    """Arrays by the names of a Program's inputs, the array of its only one, or an `.npy` or `.npz` file.

    Wider integers than a port's, as those of lists, become its own where it holds all of them. Raises BadInput.
    """
    from chipsmith.flow.arrays import fit_integers, name_inputs, read_inputs

    ports = program.manifest.inputs
    if isinstance(inputs, str | os.PathLike):
        return read_inputs(Path(inputs), ports)
    named = inputs if isinstance(inputs, Mapping) else name_inputs(inputs, ports, origin="one array is given")
    return fit_integers(named, ports)


def as_arrays_by_name(inputs: "AnyPath | Array | Mapping[str, Array]") -> "Array | Mapping[str, Array]":
    """An array, or arrays by name, or those of an `.npy` or `.npz` file. Raises BadInput."""
    from chipsmith.files import read_arrays

    return read_arrays(inputs) if isinstance(inputs, str | os.PathLike) else inputs


def as_recipe_name(recipe: "AnyRecipe") -> "str | Path | Recipe":
    """A Recipe, that of a training or a run, or the name of a recipe or file. Raises BadInput for anything else."""
    if isinstance(recipe, str):
        return recipe
    from chipsmith.flow.live import find_recipe

    return find_recipe(recipe)


def as_folder(run: "AnyRun") -> Path:
    """A run's folder, by its path or by the run's result. Raises BadInput for anything else."""
    from chipsmith.flow.live import find_folder

    return find_folder(run)


def as_file(thing: "AnyPath | AnyRun | CompileResult") -> Path:
    """A file or folder, by its path or by the result that it is of. Raises BadInput where that has none."""
    if isinstance(thing, str | os.PathLike):
        return Path(thing)
    from chipsmith.flow.live import find_file

    return find_file(thing)


def as_progress(progress: "Progress | None") -> "Progress":
    """Who watches a long job; without one nothing is shown."""
    from chipsmith.learn.progress import SILENT

    return progress or SILENT
