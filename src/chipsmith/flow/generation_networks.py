"""The networks of the generations, by what a user writes: MLPerf Tiny's four, a recipe, a run folder, a file."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from chipsmith.cache import cache_folder, content_key, keep_entry, read_entry, working_on
from chipsmith.errors import BadInput
from chipsmith.flow.calibration import AnyCalibration, resolve_calibration
from chipsmith.flow.run import lower_single
from chipsmith.flow.run_files import RESULT, TRAINED
from chipsmith.flow.training import train_in
from chipsmith.frontends.calibration import MissingCalibration
from chipsmith.frontends.options import DEFAULT_OPTIONS
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.frontends.registry import load_model, load_random, name_model
from chipsmith.learn import Dataset, Recipe, TrainedNetwork, load_recipe, load_trained, save_trained, shipped_recipes
from chipsmith.learn.functions import functions_of
from chipsmith.learn.progress import Progress
from chipsmith.learn.trained import identify
from chipsmith.suggest import nearest_in_brackets
from chipsmith.systems.computer_rows import NamedNetwork
from chipsmith.systems.quantum_rows import read_quantum_run
from chipsmith.systems.row import LeftOut, SystemRow

DATA_VARIABLE = "CHIPSMITH_DATA"
PUBLISHED_FILES: Mapping[str, str] = {
    "image": "ic_resnet8_int8.tflite",
    "keyword": "kws_dscnn_int8.tflite",
    "person": "vww_96_int8.tflite",
    "anomaly": "ad01_int8.tflite",
}
"""The networks of MLPerf Tiny by the name of their rows, each a file of $CHIPSMITH_DATA/mlperf_tiny."""
_QUANTUM = "quantum"
"""The kind of a run of a circuit, and how the kinds of its networks begin."""
DEFAULT_NETWORKS = (*PUBLISHED_FILES, "digits")
_KIND = "generations"
"""Of the entries of the cache."""


@dataclass(frozen=True, kw_only=True)
class AskedNetworks:
    """The networks that were asked for: all their names, those that can be run here, and why the others cannot.

    `judged` are the rows of runs of quantum networks, which have no place among those that are timed.
    """

    names: tuple[str, ...]
    networks: tuple[NamedNetwork, ...]
    left_out: tuple[LeftOut, ...]
    judged: tuple[SystemRow, ...] = ()


def load_networks(
    asked: Sequence[object], calibration: AnyCalibration | None, progress: Progress, *, allow: Collection[str] = ()
) -> AskedNetworks:
    """The networks by name, each of its own name on the page.

    One of DEFAULT_NETWORKS whose file or package is not here keeps its published rows and is left out of the others.
    A float file takes `calibration`, random inputs without: its times are right, its answers mean nothing. `allow`
    names the functions that a recipe's file or a run folder may name. Raises
    BadInput and OperatorRefused where anything else that was asked for is no network.
    """
    networks: list[NamedNetwork] = []
    left_out: list[LeftOut] = []
    quantum = {index: rows for index, text in enumerate(asked) if (rows := _read_quantum_folder(text))}
    asked = [text for index, text in enumerate(asked) if index not in quantum]
    names = [name_network(text) for text in asked]
    _refuse_twins(asked, names)
    for text, name in zip(asked, names, strict=True):
        try:
            networks.append(NamedNetwork(name=name, network=_load(text, calibration, progress, allow)))
        except BadInput as reason:
            if text not in DEFAULT_NETWORKS:
                raise
            left_out.append(LeftOut(what=f"{name} on this computer and on chips", reason=str(reason)))
    return AskedNetworks(
        names=tuple(names),
        networks=tuple(networks),
        left_out=tuple(left_out),
        judged=tuple(row for rows in quantum.values() for row in rows),
    )


def _read_quantum_folder(text: object) -> tuple[SystemRow, ...]:
    """The rows of a run folder of a quantum network; none where it is something else."""
    file = Path(text) / RESULT if isinstance(text, str) else None
    if file is None or not file.is_file():
        return ()
    try:
        result = json.loads(file.read_text())
        return read_quantum_run(result, source=str(file)) if result["kind"] == _QUANTUM else ()
    except (ValueError, KeyError, TypeError, AttributeError):
        return ()


def name_network(text: object) -> str:
    """What the page calls a network: its own name, or its file's without folder and ending."""
    if not isinstance(text, str):
        return name_model(text)
    if text in PUBLISHED_FILES or text in shipped_recipes():
        return text
    return text.replace(":", ".").rpartition(".")[2] if _is_function(text) else Path(text).stem


def _is_function(text: str) -> bool:
    return ":" in text and not Path(text).exists()


def _refuse_twins(asked: Sequence[object], names: Sequence[str]) -> None:
    for index, name in enumerate(names):
        first = names.index(name)
        if first != index:
            both = f"{asked[first]} and {asked[index]}"
            raise BadInput(f"{both} would both be called '{name}' on the page: give each once, or rename a file")


def _load(
    text: object, calibration: AnyCalibration | None, progress: Progress, allow: Collection[str]
) -> QuantizedNetwork:
    if not isinstance(text, str):
        return load_model(text, resolve_calibration(calibration, text, DEFAULT_OPTIONS))
    if text in PUBLISHED_FILES:
        return load_model(str(find_published(text)))
    path = Path(text)
    if text in shipped_recipes() or path.suffix in (".yaml", ".yml"):
        return _train(load_recipe(text, allow=allow), text, progress)
    if path.is_dir():
        return _load_run(path, allow)
    if not path.suffix and not _is_function(text):
        raise BadInput(_describe_unknown(text))
    progress.stage(f"load {text}")
    try:
        return load_model(text, resolve_calibration(calibration, text, DEFAULT_OPTIONS))
    except MissingCalibration:
        return load_random(text)


def _describe_unknown(text: str) -> str:
    hint = nearest_in_brackets(text, (*PUBLISHED_FILES, *shipped_recipes()))
    return (
        f"there is no network '{text}'{hint}: name {', '.join(PUBLISHED_FILES)}, a recipe of `chipsmith recipes`, a "
        "run folder, a .tosa, .tflite or .onnx file, or package.module:function"
    )


def find_published(name: str) -> Path:
    """The file of a network of MLPerf Tiny. Raises BadInput, which says where it was looked for."""
    folder = os.environ.get(DATA_VARIABLE)
    if not folder:
        raise BadInput(f"its file {PUBLISHED_FILES[name]} is looked for in ${DATA_VARIABLE}/mlperf_tiny: set it")
    file = Path(folder) / "mlperf_tiny" / PUBLISHED_FILES[name]
    if not file.is_file():
        raise BadInput(f"there is no file {file}; it is part of MLPerf Tiny (mlcommons/tiny)")
    return file


def _load_run(folder: Path, allow: Collection[str]) -> QuantizedNetwork:
    """What a run of a recipe left."""
    file = folder / TRAINED
    if not file.is_file():
        raise BadInput(
            f"{folder} is no run folder: it has no {TRAINED}; `chipsmith run` and `chipsmith train` leave it"
        )
    trained = load_trained(file, allow=allow)
    return lower_single(trained, trained.training.recipe.load_data())


def _train(recipe: Recipe, text: str, progress: Progress) -> QuantizedNetwork:
    """The network of a recipe, trained once and kept in the cache. Raises BadInput for a quantum one."""
    if recipe.network.kind.startswith(_QUANTUM):
        raise BadInput(
            f"{text} is no network for processors and chips: `chipsmith run {text}`, then name its run folder"
        )
    data = recipe.load_data()
    name = content_key([recipe.model_dump_json().encode(), identify(recipe, data).key().encode()])
    with working_on(_KIND, name):
        trained = _read_trained(name, recipe)
        if trained is None:
            progress.stage(f"train {recipe.name}, kept in the cache")
            trained = _train_and_keep(name, recipe, data, progress)
    return lower_single(trained, data)


def _read_trained(name: str, recipe: Recipe) -> TrainedNetwork | None:
    """The entry of the cache; its reader takes a file that ends with the weights."""
    contents = read_entry(_KIND, name)
    if contents is None:
        return None
    with TemporaryDirectory() as place:
        file = Path(place) / TRAINED
        file.write_bytes(contents)
        return load_trained(file, allow=functions_of(recipe.network))


def _train_and_keep(name: str, recipe: Recipe, data: Dataset, progress: Progress) -> TrainedNetwork:
    """Train beside the entry, where an interrupted training goes on, and keep the entry."""
    folder = cache_folder() / _KIND / f"{name}-training"
    trained = train_in(folder, recipe, data, resume=True, progress=progress)
    keep_entry(_KIND, name, lambda file: save_trained(trained, file))
    shutil.rmtree(folder, ignore_errors=True)
    return trained
