"""The run folder: everything that a run leaves, each file written whole; the views are drawn from result.json."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

from chipsmith.errors import BadInput
from chipsmith.files import make_folder, write_whole
from chipsmith.learn import TrainedNetwork, save_trained
from chipsmith.program.file import serialize_program
from chipsmith.program.program import Program
from chipsmith.reports.html import write_page
from chipsmith.reports.record import RunRecord
from chipsmith.reports.result import read_result, write_result
from chipsmith.reports.trace import write_trace
from chipsmith.tosa.file import serialize_tosa
from chipsmith.tosa.graph import Graph

RUNS = Path("runs")
RESULT = "result.json"
PAGE = "report.html"
TRACE = "trace.json"
TRAINED = "trained.safetensors"
CHECKPOINT = "checkpoint.pt"
"""The state of a training that is not done; a finished one has none."""


def choose_folder(out: Path | None, name: str) -> Path:
    """The folder of a run, `runs/<name>` where none is given; BadInput where it could not be made: before the work."""
    folder = out if out is not None else RUNS / name
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise BadInput(f"cannot make the run folder {folder}: {existing} is no folder to write in; name another: --out")
    return folder


def write_run(folder: Path, record: RunRecord, *, graph: Graph, program: Program, trained: TrainedNetwork) -> RunRecord:
    """Write the files of a run; gives the record with their hashes, which stand in result.json too."""
    make_folder(folder)
    name = record.network
    files = {
        f"{name}.tosa": serialize_tosa(graph),
        f"{name}.program": serialize_program(program),
        "chip.yaml": record.chip.yaml.encode(),
    }
    for file, data in files.items():
        write_whole(folder / file, data)
    save_trained(trained, folder / TRAINED)
    hashes = {file: hashlib.sha256((folder / file).read_bytes()).hexdigest() for file in (*files, TRAINED)}
    complete = replace(record, hashes=hashes)
    write_result(complete, folder / RESULT)
    stored = read_result(folder / RESULT)
    write_views(folder, stored)
    (folder / CHECKPOINT).unlink(missing_ok=True)
    return stored


def write_views(folder: Path, record: RunRecord) -> None:
    """Write what is drawn from the record: the page and the trace."""
    write_trace(record, folder / TRACE)
    write_page(record, folder / PAGE)


def read_run(folder: Path) -> RunRecord:
    """The record of a run folder. Raises BadInput where it holds none."""
    if not folder.is_dir():
        raise BadInput(f"there is no run folder {folder}; `chipsmith run digits` makes one")
    return read_result(folder / RESULT)
