"""Reading runs to compare: records, recipes, and answers, which are used only as they were written."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from chipsmith.errors import BadInput
from chipsmith.flow.results import QuantumRunResult, RunResult
from chipsmith.flow.run_facts import recipe_yaml
from chipsmith.flow.run_files import ANSWERS, TRAINED
from chipsmith.flow.run_folder import read_run
from chipsmith.flow.run_list import FolderKind, describe_folder
from chipsmith.learn.trained_file import read_training
from chipsmith.learn.validation.answers import AnswerTable, read_answers
from chipsmith.reports.comparison.compare import compare_records
from chipsmith.reports.comparison.result import ComparedRun, RunComparison
from chipsmith.reports.record import LearnedRecord

MOST_RUNS = 20


def compare_runs(runs: Sequence[Path | RunResult | QuantumRunResult]) -> RunComparison:
    """Runs side by side, the first as the baseline. See `chipsmith.compare`."""
    if not 2 <= len(runs) <= MOST_RUNS:
        raise BadInput(f"compare takes 2 to {MOST_RUNS} runs, the baseline first; {len(runs)} given")
    folders = [run if isinstance(run, Path) else run.folder for run in runs]
    return compare_records([_read(folder, name) for folder, name in zip(folders, _names(folders), strict=True)])


def _names(folders: Sequence[Path]) -> list[str]:
    """The shortest ends of the folders' paths that tell them apart; where one is given twice, its place too."""
    whole = [folder.absolute().parts for folder in folders]
    for letters in range(1, max(map(len, whole)) + 1):
        names = ["/".join(parts[-letters:]) for parts in whole]
        if len(set(names)) == len(set(whole)):
            break
    return [
        name if names.count(name) == 1 else f"{name} ({names[: index + 1].count(name)})"
        for index, name in enumerate(names)
    ]


def _read(folder: Path, name: str) -> ComparedRun:
    _refuse_other_folder(folder)
    record = read_run(folder)
    answers, missing = _read_answers(folder, record)
    return ComparedRun(
        name=name, folder=folder, record=record, recipe=_read_recipe(folder, record), answers=answers, missing=missing
    )


def _refuse_other_folder(folder: Path) -> None:
    """Say of a folder that holds no finished run what it does hold."""
    if not folder.is_dir():
        return
    row = describe_folder(folder, name=str(folder))
    if row.kind is FolderKind.DAMAGED:
        raise BadInput(row.note)
    if not row.finished:
        raise BadInput(
            f"{folder} holds no finished run ({row.kind}: {row.note}); compare takes what `chipsmith run` left: "
            "`chipsmith runs` lists it"
        )


def _read_answers(folder: Path, record: LearnedRecord) -> tuple[AnswerTable | None, str]:
    """The answers of a run, or why they cannot be used."""
    written = record.hashes.get(ANSWERS)
    if written is None:
        return None, "keeps no answers to single examples (it is of an earlier version: run it again)"
    try:
        if hashlib.sha256((folder / ANSWERS).read_bytes()).hexdigest() != written:
            return None, f"has another {ANSWERS} than its run wrote"
        return read_answers(folder / ANSWERS), ""
    except (OSError, BadInput):
        return None, f"has no whole {ANSWERS} any more"


def _read_recipe(folder: Path, record: LearnedRecord) -> str:
    """The recipe as YAML: that of the record, of an older run that of its weights; empty where neither is there."""
    if record.recipe is not None:
        return record.recipe.yaml
    try:
        return recipe_yaml(read_training(folder / TRAINED).recipe)
    except BadInput:
        return ""
