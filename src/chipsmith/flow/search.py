"""`search`: a study's networks, its folder of scored pairs, the search, and what is left of it."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from chipsmith.errors import BadInput
from chipsmith.files import write_whole
from chipsmith.flow.calibration import resolve_calibration
from chipsmith.flow.run_folder import RESULT, choose_folder, read_run, sole_work
from chipsmith.frontends.front_end import names_function
from chipsmith.frontends.options import DEFAULT_OPTIONS
from chipsmith.frontends.registry import load_model
from chipsmith.learn.progress import Progress
from chipsmith.schema import Json
from chipsmith.studies.identity import hold_identity
from chipsmith.studies.journal import SearchJournal
from chipsmith.studies.search.pairs import StudiedNetwork
from chipsmith.studies.search.result import SearchResult
from chipsmith.studies.search.search import Search
from chipsmith.studies.search.storage import open_mirror
from chipsmith.studies.search.study_file import NetworkFile, SearchStudy
from chipsmith.tosa.file import read_tosa
from chipsmith.tosa.graph import Graph

_IDENTITY, _JOURNAL = "search.json", "pairs.journal"
_CHIPS = "chips"
"""The folder of the chips of the front, a YAML file each."""


@dataclass(frozen=True, kw_only=True)
class Searched:
    """A search, and the folder that it left: result.json, the winner's chip.yaml, the chips of the front."""

    result: SearchResult
    folder: Path

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
) -> Searched:
    """Search as a study says, in the folder `out` (default runs/search-NAME).

    Raises BadInput for a study that cannot be searched, and for a folder with pairs unless `resume`.
    """
    search = Search(study, [_load(network) for network in study.network], name=name)
    search.goal()  # what is missing in it is said before any work
    with ExitStack() as stack:
        mirror = None
        if storage:
            mirror = stack.enter_context(open_mirror(storage, name=name))
        path = choose_folder(out, f"search-{name}")
        stack.enter_context(sole_work(path))
        journal = SearchJournal(path / _JOURNAL)
        if journal.path.exists() and not resume:
            raise BadInput(f"{path} holds a search: go on with --resume, or name another folder with --out")
        hold_identity(path / _IDENTITY, search.identity(), what="search")
        result = search.run(
            workers=workers, scheduler=scheduler, journal=journal, mirror=mirror, on_stage=progress.stage
        )
        _write(result, path)
    return Searched(result=result, folder=path)


def _load(network: NetworkFile) -> StudiedNetwork:
    path = Path(network.file)
    name = path.stem if path.suffix else path.name
    try:
        graph = _load_graph(network, path)
    except BadInput as error:
        raise BadInput(f"network {network.file}: {error}") from error
    return StudiedNetwork(name=name, graph=graph, weight=network.weight)


def _load_graph(network: NetworkFile, path: Path) -> Graph:
    if path.is_dir():
        if not (path / RESULT).is_file():
            raise BadInput("it is a folder and holds no run: `chipsmith run digits` makes one")
        return read_tosa(path / f"{read_run(path).network}.tosa")
    if names_function(network.file):
        raise BadInput("a study runs no code, and this is a function: export its network to a file")
    calibration = resolve_calibration(network.calibration, network.file, DEFAULT_OPTIONS)
    return load_model(network.file, calibration).graph


def _write(result: SearchResult, folder: Path) -> None:
    write_whole(folder / RESULT, (json.dumps(result.to_json(), indent=1) + "\n").encode())
    if result.winner is not None:
        write_whole(folder / "chip.yaml", result.space.chip(result.winner.values).to_yaml().encode())
    chips = folder / _CHIPS
    chips.mkdir(exist_ok=True)
    for old in chips.glob("front-*.yaml"):
        old.unlink()
    for index, trial in enumerate(result.front):
        write_whole(chips / f"front-{index}.yaml", result.space.chip(trial.values).to_yaml().encode())
