"""`search`: a study's networks, its folder of scored pairs, the search, and what is left of it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chipsmith.errors import BadInput
from chipsmith.flow.calibration import resolve_calibration
from chipsmith.flow.inspection import load_for_training
from chipsmith.flow.run_files import RESULT
from chipsmith.flow.run_folder import choose_folder, read_run, sole_work
from chipsmith.flow.search_folder import CHIP, check_own_files, front_file, replace_files
from chipsmith.frontends.front_end import names_function
from chipsmith.frontends.options import DEFAULT_OPTIONS
from chipsmith.frontends.registry import list_front_ends, load_model
from chipsmith.learn import load_recipe
from chipsmith.learn.data.files import find
from chipsmith.learn.progress import Progress
from chipsmith.schema import Json
from chipsmith.shown import Pictured
from chipsmith.studies.identity import hold_identity
from chipsmith.studies.journal import SearchJournal
from chipsmith.studies.search.hand_over import WINNER, handed_files
from chipsmith.studies.search.pairs import StudiedNetwork
from chipsmith.studies.search.recipe_networks import RecipeNetwork, check_recipe, vary_recipe
from chipsmith.studies.search.result import SearchResult
from chipsmith.studies.search.search import Search
from chipsmith.studies.search.storage import open_mirror
from chipsmith.studies.search.study_file import SearchStudy, StudyNetwork
from chipsmith.tosa.file import read_tosa
from chipsmith.tosa.graph import Graph

_IDENTITY, _JOURNAL = "search.json", "pairs.journal"


@dataclass(frozen=True, kw_only=True)
class Searched(Pictured):
    """A search, and the folder that it left: result.json and, of designs within all budgets, the chips.

    These are the winner's chip.yaml and those of the front, in chips/.
    """

    result: SearchResult
    folder: Path

    def _brief(self) -> str:
        return f"{self.result._brief()}; in {self.folder}"

    @property
    def failure(self) -> str:
        """Why there is no design within the budgets; empty where there is one."""
        return self.result.failure

    def to_json(self) -> Json:
        """The object of `chipsmith search --json`."""
        return {**self.result.to_json(), "host": {"folder": str(self.folder)}}


def search_designs(
    study: SearchStudy,
    *,
    name: str,
    out: Path | None,
    workers: int,
    scheduler: str,
    storage: str,
    resume: bool,
    progress: Progress,
    allow: Collection[str] = (),
) -> Searched:
    """Search as a study says, in the folder `out` (default runs/search-NAME); `allow` names the functions that
    its recipes may name.

    Raises BadInput for a study that cannot be searched, for a folder with pairs unless `resume`, and where a file that
    no search wrote has the name of one that a search leaves.
    """
    networks = _load_networks(study, progress, allow)
    search = Search(study, networks, name=name)
    search.require_tools()
    with ExitStack() as stack:
        mirror = stack.enter_context(open_mirror(storage, name=name)) if storage else None
        path = choose_folder(out, f"search-{name}")
        stack.enter_context(sole_work(path))
        journal = SearchJournal(path / _JOURNAL)
        if journal.path.exists() and not resume:
            raise BadInput(f"{path} holds a search: go on with --resume, or name another folder with --out")
        recipes = [network for network in networks if isinstance(network, RecipeNetwork)]
        check_own_files(path, beside=[file for recipe in recipes for file in handed_files(recipe)])
        hold_identity(path / _IDENTITY, search.identity(), what="search")
        result = search.run(
            path, workers=workers, scheduler=scheduler, journal=journal, mirror=mirror, progress=progress
        )
        replace_files(path, _contents(result, recipes, path))
    return Searched(result=result, folder=path)


def _load_networks(
    study: SearchStudy, progress: Progress, allow: Collection[str]
) -> list[StudiedNetwork | RecipeNetwork]:
    varied = study.varied_network()
    loaded = [_load(network, study, varied, progress, allow) for network in study.network]
    names = [network.name for network in loaded if isinstance(network, RecipeNetwork)]
    twice = next((name for index, name in enumerate(names) if name in names[:index]), None)
    if twice is not None:
        raise BadInput(f"network: recipe {twice} is named twice: keep one, with a larger weight")
    return loaded


def _load(
    network: StudyNetwork,
    study: SearchStudy,
    varied: Mapping[str, Any] | None,
    progress: Progress,
    allow: Collection[str],
) -> StudiedNetwork | RecipeNetwork:
    if network.recipe is not None:
        recipe = load_recipe(network.recipe, allow=allow)
        check_recipe(recipe)
        data = load_for_training(recipe, progress).data
        epochs = study.supernet_epochs
        return vary_recipe(recipe, data, weight=network.weight, varied=varied, supernet_epochs=epochs)
    assert network.file is not None
    path = _expand(network.file)
    try:
        graph = _load_graph(str(path), network.calibration, path)
    except BadInput as error:
        raise BadInput(f"network {network.file}: {error}") from error
    except OSError as error:  # a name that no file can have
        raise BadInput(f"network {network.file:.80}: {error.strerror}") from error
    name = path.stem if path.suffix else path.name
    return StudiedNetwork(name=name, graph=graph, weight=network.weight)


def _expand(file: str) -> Path:
    """The path of a network, in which `~` and variables such as $CHIPSMITH_DATA may stand. Raises BadInput."""
    try:
        return find(file) if set(file) & set("~$") else Path(file)
    except BadInput as error:
        raise BadInput(f"network: {error}") from error


def _load_graph(file: str, calibrated_by: str | None, path: Path) -> Graph:
    if path.is_dir():
        if not (path / RESULT).is_file():
            raise BadInput("it is a folder and holds no run: `chipsmith run digits` makes one")
        return read_tosa(path / f"{read_run(path).network}.tosa")
    if names_function(file):
        raise BadInput("a study runs no code, and this is a function: export its network to a file")
    rows = [row for row in list_front_ends() if row.suffixes]
    if not any(path.suffix.lower() in row.suffixes for row in rows):
        forms = ", ".join(row.form for row in rows)
        raise BadInput(f"it is no run folder, and no file of these: {forms}; name one of them")
    calibration = resolve_calibration(calibrated_by, file, DEFAULT_OPTIONS)
    return load_model(file, calibration).graph


def _contents(result: SearchResult, recipes: Sequence[RecipeNetwork], folder: Path) -> dict[str, bytes]:
    """What a search leaves in its folder, by path, beside its journal and what it trained."""
    files = {RESULT: (json.dumps(result.to_json(), indent=1) + "\n").encode()}
    if result.winner is not None:
        files[CHIP] = result.space.chip(result.winner.values).to_yaml().encode()
        for file in (file for recipe in recipes for file in handed_files(recipe)):
            files[file] = (folder / WINNER / file).read_bytes()
    for index, trial in enumerate(result.front):
        files[front_file(index)] = result.space.chip(trial.values).to_yaml().encode()
    return files
