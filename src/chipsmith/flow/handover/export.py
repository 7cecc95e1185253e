"""Writes a design of a search into a folder, whole: chip, networks, programs, RTL, claims, and what verifies them."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from chipsmith.codegen.ctext import unique_identifiers
from chipsmith.errors import BadInput
from chipsmith.files import write_whole
from chipsmith.flow.golden_vectors import compile_vectors
from chipsmith.flow.handover import compare
from chipsmith.flow.handover.claims import HandedDesign, HandedNetwork, claim_design
from chipsmith.flow.handover.files import readme, verify_script
from chipsmith.flow.handover.networks import compile_given, compile_trained
from chipsmith.flow.run_folder import sole_work
from chipsmith.flow.search import Searched
from chipsmith.hardware.export import write_rtl
from chipsmith.learn.progress import Progress
from chipsmith.studies.search.exported import hand_over_design
from chipsmith.studies.search.result import SearchResult
from chipsmith.studies.search.study_file import SearchStudy
from chipsmith.studies.search.trials import DesignTrial

_FRONT = re.compile(r"front-(\d+)")
_WINNER = "winner"


def check_export(design: str, folder: Path) -> None:
    """Raise BadInput, before any work, where there can be no such design, or the folder holds something."""
    if design != _WINNER and not _FRONT.fullmatch(design):
        raise BadInput(f"--export {design}: name winner, or front-0 and so on, as the files in chips/ are named")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(f"--export {design} {folder}: it holds something already: name a new or an empty folder")
    existing = next(path for path in folder.absolute().parents if path.exists())
    if not existing.is_dir():
        raise BadInput(f"--export {design} {folder}: {existing} is no folder")


def choose_design(result: SearchResult, design: str) -> DesignTrial:
    """The winner, or a design of the front by its number. Raises BadInput where there is none."""
    if design == _WINNER:
        if result.winner is None:
            raise BadInput(f"--export {design}: there is none to export: {result.failure}")
        return result.winner
    match = _FRONT.fullmatch(design)
    number = int(match[1]) if match else len(result.front)
    if number >= len(result.front):
        last = f"it has front-0 to front-{len(result.front) - 1}" if result.front else result.failure
        raise BadInput(f"--export {design}: the front has no such design: {last}")
    return result.front[number]


def export_design(searched: Searched, study: SearchStudy, design: str, folder: Path, progress: Progress) -> Path:
    """Write a design of a study into a folder, which appears at once and complete. Raises BadInput where it cannot.

    What check_export refuses was refused before. The networks that recipes train are trained in full first, where the
    design is not the winner and they are no finalists.
    """
    gathered = _gather(searched, study, design, progress)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as place:
            fresh = Path(place) / "new"
            fresh.mkdir()
            _write(gathered, fresh)
            fresh.replace(folder)  # an empty folder is taken; another process's files are not
    except OSError as error:
        raise BadInput(f"cannot write {folder}: {error.strerror or error}") from error
    return folder


def _write(design: HandedDesign, folder: Path) -> None:
    write_whole(folder / "chip.yaml", design.chip.to_yaml().encode())
    for network in design.networks:
        for name, data in network.files.items():
            write_whole(folder / name, data)
    programs = [str(folder / f"{network.name}.program") for network in design.networks]
    write_rtl(design.chip, folder / "rtl", compile_vectors(programs, design.chip))
    texts = {
        "verify.sh": verify_script(design),
        "compare.py": Path(compare.__file__).read_text(encoding="utf-8"),
        "README.md": readme(design),
    }
    for name, text in texts.items():
        write_whole(folder / name, text.encode())
    (folder / "verify.sh").chmod(0o755)
    claims = claim_design(design, folder)
    write_whole(folder / "design.json", (json.dumps(claims, indent=1) + "\n").encode())


def _gather(searched: Searched, study: SearchStudy, design: str, progress: Progress) -> HandedDesign:
    """A design of a search with its networks compiled. Raises BadInput where there is none."""
    result = searched.result
    trial = choose_design(result, design)
    chip = result.space.chip(trial.values)
    names = unique_identifiers(network.name for network in result.networks)
    return HandedDesign(
        study=result.name,
        name=design,
        figures={name.value: value for name, value in (trial.figures or {}).items()},
        objectives=tuple(name.value for name in result.goal.directions),
        temperature=study.temperature,
        chip=chip,
        networks=tuple(_compile(searched, design, trial, names, progress)),
    )


def _compile(
    searched: Searched, design: str, trial: DesignTrial, names: Sequence[str], progress: Progress
) -> Iterator[HandedNetwork]:
    """The networks of a design for its chip, in the order of the study, by their `names` in files."""
    result, study = searched.result, searched.folder
    chip = result.space.chip(trial.values)
    recipes = (None,) * len(result.networks) if result.trained is None else result.trained.networks
    for name, network, recipe in zip(names, result.networks, recipes, strict=True):
        if recipe is None:
            yield compile_given(name, network, chip)
        elif design == _WINNER:
            yield compile_trained(name, recipe, trial, chip, study)
        else:
            with sole_work(study), tempfile.TemporaryDirectory() as place:
                hand_over_design(recipe, trial, study, Path(place), progress)
                yield compile_trained(name, recipe, trial, chip, Path(place))
