"""The run folder: everything that a run leaves, each file written whole; the views are drawn from result.json."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from chipsmith.errors import BadInput
from chipsmith.files import make_folder, remove_unfinished, write_whole
from chipsmith.flow.advice import with_advice
from chipsmith.flow.run_files import (
    ANSWERS,
    CHECKPOINT,
    CHIP_FILE,
    LOCK,
    PAGE,
    QASM,
    RECIPE,
    RESULT,
    RUNS,
    TRACE,
    TRAINED,
)
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.learn import TrainedNetwork, save_trained
from chipsmith.learn.validation.answers import AnswerTable, write_answers
from chipsmith.locks import sole_lock
from chipsmith.program.file import serialize_program
from chipsmith.program.program import Program
from chipsmith.reports.html import write_page
from chipsmith.reports.quantum.page import write_quantum_page
from chipsmith.reports.quantum.record import QuantumRunRecord, is_quantum, quantum_record_from_plain
from chipsmith.reports.quantum.result import quantum_result_to_plain
from chipsmith.reports.record import LearnedRecord, RunRecord, record_from_plain
from chipsmith.reports.result import read_fields, read_result, write_plain, write_result
from chipsmith.reports.trace import write_trace
from chipsmith.tosa.file import serialize_tosa


def choose_folder(out: Path | None, name: str) -> Path:
    """The folder of a run, `runs/<name>` where none is given; BadInput where it could not be made: before the work."""
    folder = out if out is not None else RUNS / name
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise BadInput(f"cannot make the run folder {folder}: {existing} is no folder to write in; name another: --out")
    return folder


@contextmanager
def sole_work(folder: Path) -> Iterator[None]:
    """Let no other process work in a run folder, which is made where it is missing, during the block.

    Raises BadInput where another process does, or the folder cannot be written.
    """
    fresh = [path for path in (folder, *folder.parents) if not path.exists()]
    make_folder(folder)
    refusal = f"another process works in {folder}: wait until it is done, or name another folder with --out"
    try:
        with sole_lock(folder / LOCK, refusal=refusal):
            remove_unfinished(folder)
            yield
    except PermissionError as error:
        raise BadInput(f"cannot write in the run folder {folder}: {error.strerror}; name another: --out") from error
    finally:
        with suppress(OSError):  # what is not empty stays, and so do those above it
            for path in fresh:
                path.rmdir()


def write_quantum_run(
    folder: Path, record: QuantumRunRecord, *, qasm: str, trained: TrainedNetwork, answers: AnswerTable
) -> QuantumRunRecord:
    """Write the files of a run of a quantum network; gives the record with their hashes."""
    files = {QASM: qasm.encode(), **_recipe_file(record)}
    complete = replace(record, hashes=_write_files(folder, files, trained, answers))
    write_plain(quantum_result_to_plain(complete), folder / RESULT)
    stored = read_run(folder)
    assert isinstance(stored, QuantumRunRecord)
    write_views(folder, stored)
    (folder / CHECKPOINT).unlink(missing_ok=True)
    return stored


def write_run(
    folder: Path,
    record: RunRecord,
    *,
    network: QuantizedNetwork,
    program: Program,
    trained: TrainedNetwork,
    answers: AnswerTable,
) -> RunRecord:
    """Write the files of a run; gives the record with their hashes, which stand in result.json too."""
    name = record.network
    files = {
        f"{name}.tosa": serialize_tosa(network.graph, operator_names=network.operator_names),
        f"{name}.program": serialize_program(program),
        CHIP_FILE: record.chip.yaml.encode(),
        **_recipe_file(record),
    }
    complete = replace(record, hashes=_write_files(folder, files, trained, answers))
    write_result(complete, folder / RESULT)
    stored = read_result(folder / RESULT)
    write_views(folder, stored)
    (folder / CHECKPOINT).unlink(missing_ok=True)
    return stored


def write_views(folder: Path, record: RunRecord | QuantumRunRecord) -> None:
    """Write what is drawn from the record: the page, and of a chip the trace."""
    if isinstance(record, QuantumRunRecord):
        write_quantum_page(record, folder / PAGE)
        return
    write_trace(record, folder / TRACE)
    write_page(record, folder / PAGE)


def draw_again(folder: Path) -> RunRecord | QuantumRunRecord:
    """Write the views of a run folder again from its result.json; gives the record.

    A record without an advice gets that of the folder's network and chip, where they are there: result.json stays.

    Raises BadInput where it holds none, or one whose figures no run leaves.
    """
    record = read_run(folder)
    if isinstance(record, RunRecord):
        record = with_advice(record, folder)
    try:
        write_views(folder, record)
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        # Its fields have the right types; which of the figures do not go together, only drawing them shows.
        raise BadInput(
            f"{folder / RESULT} is damaged: its figures do not go together ({type(error).__name__}: "
            f"{' '.join(str(error).split())[:80]}); run the network again"
        ) from error
    return record


def read_run(folder: Path) -> RunRecord | QuantumRunRecord:
    """The record of a run folder, of whichever kind. Raises BadInput where it holds none."""
    if not folder.is_dir():
        raise BadInput(f"there is no run folder {folder}; `chipsmith run digits` makes one")
    fields, name = read_fields(folder / RESULT), str(folder / RESULT)
    if is_quantum(fields):
        return quantum_record_from_plain(fields, name=name)
    return record_from_plain(fields, name=name)


def _recipe_file(record: LearnedRecord) -> dict[str, bytes]:
    return {} if record.recipe is None else {RECIPE: record.recipe.yaml.encode()}


def _write_files(
    folder: Path, files: Mapping[str, bytes], trained: TrainedNetwork, answers: AnswerTable
) -> dict[str, str]:
    """Write these files, the trained network and its answers; gives their hashes."""
    make_folder(folder)
    for file, data in files.items():
        write_whole(folder / file, data)
    save_trained(trained, folder / TRAINED)
    write_answers(answers, folder / ANSWERS)
    return {file: hashlib.sha256((folder / file).read_bytes()).hexdigest() for file in (*files, TRAINED, ANSWERS)}
