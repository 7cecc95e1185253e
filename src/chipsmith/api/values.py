"""From what a verb is given, a name or a file or the thing itself, to the thing."""

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

from chipsmith.api.forms import AnyPath
from chipsmith.errors import BadInput

if TYPE_CHECKING:
    import torch

    from chipsmith.chip import Chip
    from chipsmith.learn import Recipe
    from chipsmith.learn.progress import Progress
    from chipsmith.program.limits import Limits
    from chipsmith.program.program import Program
    from chipsmith.tosa.graph import Array


def as_path(path: AnyPath | None) -> Path | None:
    """A path; None stays None."""
    return None if path is None else Path(path)


def as_chip(chip: "str | Chip", settings: Sequence[str]) -> "Chip":
    """A Chip, or that of a name of the catalogue or a YAML file, with fields replaced by settings ("tensor.rows=32").

    Raises BadInput.
    """
    from chipsmith.chip import load_chip, override_chip, parse_chip_settings

    overrides = parse_chip_settings(settings)
    if isinstance(chip, str):
        return load_chip(chip, overrides)
    return override_chip(chip, overrides) if overrides else chip


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


def as_program(
    program: Union[AnyPath, "Program"], limits: "Limits | None", require_signature: AnyPath | None
) -> "Program":
    """A Program, or that of a file, whose signature by `require_signature` is verified before anything is parsed.

    It may take no more than the limits. The bytes that are parsed are those that were verified. Raises BadInput, and
    CheckFailed where they are not what was signed.
    """
    from chipsmith.program.file import parse_program, read_program
    from chipsmith.program.program import Program

    if require_signature is None:
        return program if isinstance(program, Program) else read_program(Path(program), limits=limits)
    if isinstance(program, Program):
        raise BadInput("a Program in memory has no signature; give its file to require one")
    return parse_program(_read_genuine(Path(program), require_signature), name=str(program), limits=limits)


def _read_genuine(path: Path, public_key: AnyPath) -> bytes:
    from chipsmith.deployment.signatures.keys import read_public_key
    from chipsmith.deployment.signatures.signature import read_genuine

    return read_genuine(path, read_public_key(Path(public_key)))


@contextmanager
def as_genuine_model(model: "str | torch.nn.Module", require_signature: AnyPath | None) -> "Iterator[Any]":
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


def as_arrays(inputs: AnyPath | Mapping[str, "Array"], program: "Program") -> "Mapping[str, Array]":
    """Arrays by the names of a Program's inputs, or those of an `.npy` or `.npz` file. Raises BadInput."""
    from chipsmith.flow.arrays import read_inputs

    return inputs if isinstance(inputs, Mapping) else read_inputs(Path(inputs), program.manifest.inputs)


def as_arrays_by_name(inputs: "AnyPath | Array | Mapping[str, Array]") -> "Array | Mapping[str, Array]":
    """An array, or arrays by name, or those of an `.npy` or `.npz` file. Raises BadInput."""
    from chipsmith.files import read_arrays

    return read_arrays(inputs) if isinstance(inputs, str | os.PathLike) else inputs


def as_recipe_name(recipe: Union[AnyPath, "Recipe"]) -> "str | Path | Recipe":
    """A Recipe, the name of a recipe or file as text, or a path."""
    from chipsmith.learn import Recipe

    return recipe if isinstance(recipe, str | Recipe) else Path(recipe)


def as_progress(progress: "Progress | None") -> "Progress":
    """Who watches a long job; without one nothing is shown."""
    from chipsmith.learn.progress import SILENT

    return progress or SILENT
