"""What a shell offers for a word that is begun: names of chips and recipes, fields of both. Made when it is asked."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chipsmith.flow.run_files import RESULT, RUNS, TRAINED

if TYPE_CHECKING:
    from pydantic import BaseModel

_NETWORKS = (".tosa", ".tflite", ".onnx")
_DEEPEST = 3
"""Names in a field of a setting: data.features.kind."""


def suggest_chips() -> Iterator[str]:
    """The names of the catalogue."""
    from chipsmith.chip import catalogue

    yield from catalogue()


def suggest_recipes() -> Iterator[str]:
    """The names of the shipped recipes, without the learning that comes with reading one."""
    folder = resources.files("chipsmith") / "learn" / "recipes"
    yield from sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def suggest_runs() -> Iterator[str]:
    """The names of the runs in ./runs, and of folders here that hold one."""
    yield from _run_names(RUNS)
    yield from _run_names(Path())


def suggest_models() -> Iterator[str]:
    """Runs, and the files of networks that are here."""
    yield from suggest_runs()
    yield from _files(*_NETWORKS)


def suggest_programs() -> Iterator[str]:
    """Runs, and the programs that are here."""
    yield from suggest_runs()
    yield from _files(".program")


def suggest_explained() -> Iterator[str]:
    """Runs, networks and programs."""
    yield from suggest_models()
    yield from _files(".program")


def suggest_layers(words: Mapping[str, Any]) -> Iterator[str]:
    """The layers, each with its sign (conv1=), of the network that a line names: a .tosa file, or a run."""
    from chipsmith.tosa.file import read_tosa
    from chipsmith.tosa.passes.channels import CHANNEL_LAYERS

    named = words.get("model")
    if named is None:
        return
    path = Path(named) if Path(named).exists() else RUNS / named
    files = sorted(path.glob("*.tosa")) if path.is_dir() else [path]
    for file in files[:1]:
        if file.suffix == ".tosa" and file.is_file():
            yield from (f"{row.name}=" for row in read_tosa(file).operators if row.kind in CHANNEL_LAYERS)


def suggest_compared() -> Iterator[str]:
    """Networks of MLPerf Tiny, recipes, and what suggest_models gives."""
    yield from ("image", "keyword", "person", "anomaly")
    yield from suggest_recipes()
    yield from suggest_models()


def _run_names(root: Path) -> Iterator[str]:
    """The folders in one that hold what a run leaves, nothing of which is read."""
    folders = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    yield from (folder.name for folder in folders if any((folder / file).is_file() for file in (RESULT, TRAINED)))


def _files(*suffixes: str) -> Iterator[str]:
    yield from sorted(path.name for path in Path().iterdir() if path.suffix in suffixes and path.is_file())


def suggest_chip_fields() -> Iterator[str]:
    """What --set takes of a chip, each with its sign: tensor.rows=."""
    from chipsmith.chip import Chip

    yield from (f"{name}=" for name in _list_fields(Chip))


def suggest_recipe_fields() -> Iterator[str]:
    """What --set takes of a recipe: training.epochs=."""
    from chipsmith.learn import Recipe

    yield from (f"{name}=" for name in _list_fields(Recipe))


def suggest_job_fields() -> Iterator[str]:
    """What --set takes of a recipe or its chip."""
    yield from dict.fromkeys((*suggest_recipe_fields(), *suggest_chip_fields()))


def _list_fields(form: type[BaseModel], *, deep: int = 1) -> Iterator[str]:
    names = dict.fromkeys(path for name, field in form.model_fields.items() for path in _paths(name, field, deep))
    yield from names


def _paths(name: str, field: Any, deep: int) -> Iterator[str]:
    """The field itself where it is a plain value, else the fields of the forms that it may have."""
    forms = list(_find_forms(field.annotation)) if deep < _DEEPEST else []
    if not forms:
        yield name
    for form in forms:
        yield from (f"{name}.{inner}" for inner in _list_fields(form, deep=deep + 1))


def _find_forms(annotation: Any) -> Iterator[type[BaseModel]]:
    from pydantic import BaseModel

    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _find_forms(part)
