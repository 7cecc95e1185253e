"""What lies in a folder of runs: each run's main figures, and what else is there, finished or not."""

from __future__ import annotations

import enum
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from json import JSONDecodeError, loads
from pathlib import Path
from typing import Any, overload

from chipsmith.errors import BadInput
from chipsmith.files import read_ordinary
from chipsmith.flow.run_files import CHECKPOINT, LOCK, RESULT, TRAINED
from chipsmith.flow.run_folder import read_run
from chipsmith.locks import sole_lock
from chipsmith.reports.quantum.record import EXACT, QuantumRunRecord
from chipsmith.reports.record import CHIP, LearnedRecord, RunRecord
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.shown import Shown

DEEPEST = 3
"""Folders of folders that are looked into; what lies within a run is its own."""
_OTHERS = ("mlartifacts", "mlruns")
"""Folders of MLflow's, which hold copies of a run's files."""
_STUDIES = {"compression.json": "compression", "search.json": "search"}
"""What begins the folder of a study."""


class FolderKind(enum.StrEnum):
    """What a folder holds: a finished run of a chip or of a quantum network, weights alone, a study, or half of one."""

    RUN = "run"
    QUANTUM = "quantum run"
    TRAINING = "training"
    COMPRESSION = "compression"
    SEARCH = "search"
    RUNNING = "at work"
    UNFINISHED = "unfinished"
    DAMAGED = "damaged"


class RunOrder(enum.StrEnum):
    """By what runs are listed: the latest first, names from A, the best metric, or the least of a figure first."""

    TIME = "time"
    NAME = "name"
    METRIC = "metric"
    CYCLES = "cycles"
    LATENCY = "latency"
    ENERGY = "energy"
    AREA = "area"
    COST = "cost"


@dataclass(frozen=True, kw_only=True)
class RunRow(Shown):
    """A folder with its main figures; what it has not is None, `note` says why or what else there is.

    `modified` is when its result was written, in seconds since 1970. The metric is the one that its task is judged by,
    on the chip (of a quantum run: of the exact circuit), with its interval; `better` says whether more of it is wanted.
    Cycles are simulated, joules, area and dollars estimated.
    """

    folder: str
    kind: FolderKind
    modified: float
    network: str | None = None
    recipe: str | None = None
    chip: str | None = None
    seed: int | None = None
    metric: str | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    better: str | None = None
    parameters: int | None = None
    latency_cycles: int | None = None
    latency_us: float | None = None
    energy_uj: float | None = None
    area_mm2: float | None = None
    chip_cost_usd: float | None = None
    bit_exact: bool | None = None
    note: str = ""

    @property
    def finished(self) -> bool:
        """Whether it is a whole run, whose figures can be compared."""
        return self.kind in (FolderKind.RUN, FolderKind.QUANTUM)

    @property
    def when(self) -> datetime:
        """When its result was written, in this computer's time."""
        return datetime.fromtimestamp(self.modified, UTC).astimezone()

    def to_json(self) -> Json:
        """An entry of `chipsmith runs --json`."""
        fields = asdict(self) | {"kind": self.kind.value, "when": self.when.isoformat(timespec="seconds")}
        del fields["modified"]
        return fields


@dataclass(frozen=True, kw_only=True, repr=False)
class RunList(Shown, Sequence[RunRow]):
    """The folders under `root` that hold runs, or what else Chipsmith leaves, in `order`."""

    root: Path
    order: RunOrder
    rows: tuple[RunRow, ...]

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> RunRow: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[RunRow]: ...
    def __getitem__(self, index: int | slice) -> RunRow | Sequence[RunRow]:
        return self.rows[index]

    def _brief(self) -> str:
        return f"{self.root}: {', '.join(count_kinds(self)) or 'empty'}"

    def to_json(self) -> Json:
        """The object of `chipsmith runs --json`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "root": str(self.root),
            "sorted_by": self.order.value,
            "runs": [row.to_json() for row in self.rows],
        }


def count_kinds(rows: Sequence[RunRow]) -> list[str]:
    """How many there are of each kind, in words."""
    counts = {kind: sum(row.kind is kind for row in rows) for kind in FolderKind}
    return [f"{count} {kind}{'s' if count > 1 and kind in _PLURALS else ''}" for kind, count in counts.items() if count]


_PLURALS = (FolderKind.RUN, FolderKind.QUANTUM, FolderKind.TRAINING, FolderKind.COMPRESSION)


def parse_order(text: str) -> RunOrder:
    """The order of this name. Raises BadInput."""
    try:
        return RunOrder(text)
    except ValueError:
        raise BadInput(f"--sort {text}: runs are sorted by {', '.join(RunOrder)}") from None


def list_runs(root: Path, order: RunOrder) -> RunList:
    """What lies under `root`, or `root` itself where it is a run. A damaged folder is listed as such.

    Raises BadInput where there is no such folder.
    """
    if not root.is_dir():
        raise BadInput(f"there is no folder {root}: `chipsmith run digits` makes runs/digits-0; or name another folder")
    rows = [describe_folder(folder, name=_name(folder, root)) for folder in _find_folders(root, DEEPEST)]
    return RunList(root=root, order=order, rows=tuple(sorted(rows, key=_KEYS[order])))


def _name(folder: Path, root: Path) -> str:
    return folder.name or str(folder) if folder == root else folder.relative_to(root).as_posix()


def _find_folders(folder: Path, depth: int) -> Iterator[Path]:
    """The folders that Chipsmith left; links are not followed, and what may not be read is passed by."""
    if _is_left(folder):
        yield folder
        return
    try:
        inner = sorted(entry.path for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False))
    except OSError:
        return
    for path in map(Path, inner if depth else ()):
        if path.name not in _OTHERS:
            yield from _find_folders(path, depth - 1)


def _is_left(folder: Path) -> bool:
    return any((folder / name).exists() for name in (RESULT, CHECKPOINT, TRAINED, LOCK, *_STUDIES))


def describe_folder(folder: Path, *, name: str) -> RunRow:
    """A folder that Chipsmith left, whatever state it is in; `name` is what it is called."""
    study = next((kind for file, kind in _STUDIES.items() if (folder / file).exists()), "")
    if _is_locked(folder):
        return _row(folder, name, FolderKind.RUNNING, note=study or "a process works in it")
    if (folder / CHECKPOINT).exists():
        note = "its training was interrupted: --resume goes on with it"
        return _row(folder, name, FolderKind.UNFINISHED, file=CHECKPOINT, note=note)
    if (folder / RESULT).exists():
        return _read_result(folder, name, study)
    if study:
        return _row(folder, name, FolderKind.UNFINISHED, note=f"a {study} without a result")
    if (folder / TRAINED).exists():
        return _read_training(folder, name)
    return _row(folder, name, FolderKind.UNFINISHED, note="it has no result")


def _row(folder: Path, name: str, kind: FolderKind, *, file: str = "", **known: Any) -> RunRow:
    try:
        modified = (folder / file).stat().st_mtime
    except OSError:
        modified = 0.0
    return RunRow(folder=name, kind=kind, modified=modified, **known)


def _is_locked(folder: Path) -> bool:
    if not (folder / LOCK).exists():
        return False
    try:
        with sole_lock(folder / LOCK, refusal="another process works there"):
            return False
    except (BadInput, OSError):
        return True


def _read_result(folder: Path, name: str, study: str) -> RunRow:
    try:
        if study:
            return _read_study(folder, name, study)
        return _of_record(folder, name, read_run(folder))
    except BadInput as error:
        return _row(folder, name, FolderKind.DAMAGED, file=RESULT, note=str(error))


def _of_record(folder: Path, name: str, record: RunRecord | QuantumRunRecord) -> RunRow:
    if isinstance(record, QuantumRunRecord):
        known = {"chip": None, **_learned(record, EXACT), "note": f"{record.circuit.qubits} qubits"}
        return _row(folder, name, FolderKind.QUANTUM, file=RESULT, **known)
    totals = record.inference
    return _row(
        folder,
        name,
        FolderKind.RUN,
        file=RESULT,
        chip=record.chip.name,
        latency_cycles=totals.latency.cold_cycles,
        latency_us=totals.latency.cold_us,
        energy_uj=totals.energy_uj,
        area_mm2=totals.area.total,
        chip_cost_usd=totals.cost.chip_usd.value,
        bit_exact=None if record.bit_exact is None else record.bit_exact.exact,
        **_learned(record, CHIP),
    )


def _learned(record: LearnedRecord, target: str) -> dict[str, Any]:
    metric = record.primary_metric(target)
    known = {} if metric is None else {"metric": metric.name, "value": metric.value, "better": metric.better}
    interval = {} if metric is None else {"low": metric.low, "high": metric.high}
    base = "" if record.recipe is None else Path(record.recipe.base.rpartition(" ")[2]).name
    return {
        "network": record.network,
        "recipe": base or record.network,
        "seed": record.seed,
        "parameters": None if record.parameters is None else record.parameters.total,
        **known,
        **interval,
    }


def _read_study(folder: Path, name: str, study: str) -> RunRow:
    content = _read_object(folder / RESULT)
    try:
        if study == "compression":
            note = f"{content['network']}: {len(content['candidates'])} networks; chosen: {content['chosen'] or 'none'}"
            known = {"network": str(content["network"]), "chip": str(content["chip"]), "seed": content["seed"]}
            return _row(folder, name, FolderKind.COMPRESSION, file=RESULT, note=note, **known)
        winner = "a winner" if content["winner"] else "no winner"
        note = f"{content['study']}: {len(content['trials'])} designs, {len(content['front'])} on the front, {winner}"
        network = ", ".join(str(row["name"]) for row in content["networks"])
        return _row(folder, name, FolderKind.SEARCH, file=RESULT, note=note, network=network)
    except (KeyError, TypeError) as error:
        raise BadInput(f"{folder / RESULT} is no whole result of a {study}: {error}") from error


def _read_object(path: Path) -> Mapping[str, Any]:
    try:
        content = loads(read_ordinary(path))
    except (OSError, JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"{path} is not JSON") from error
    if not isinstance(content, dict):
        raise BadInput(f"{path} is no result")
    return content


def _read_training(folder: Path, name: str) -> RunRow:
    from chipsmith.learn.trained_file import read_training

    try:
        training = read_training(folder / TRAINED)
    except BadInput as error:
        return _row(folder, name, FolderKind.DAMAGED, file=TRAINED, note=str(error))
    best = training.best_epoch
    note = f"weights alone; epoch {best.number}: validation loss {best.validation_loss:.4g}"
    known = {"network": training.recipe.name, "recipe": training.recipe.name, "seed": training.recipe.seed}
    return _row(folder, name, FolderKind.TRAINING, file=TRAINED, note=note, **known)


def _rank(value: float | None) -> tuple[bool, float]:
    """What is not known stands last."""
    return (value is None, value or 0.0)


def _rank_metric(row: RunRow) -> tuple[bool, float]:
    if row.value is None:
        return _rank(None)
    return _rank(-row.value if row.better == "more" else row.value)


_KEYS: Mapping[RunOrder, Callable[[RunRow], Any]] = {
    RunOrder.TIME: lambda row: (-row.modified, row.folder),
    RunOrder.NAME: lambda row: row.folder,
    RunOrder.METRIC: lambda row: (row.metric is None, row.metric or "", _rank_metric(row), row.folder),
    RunOrder.CYCLES: lambda row: (_rank(row.latency_cycles), row.folder),
    RunOrder.LATENCY: lambda row: (_rank(row.latency_us), row.folder),
    RunOrder.ENERGY: lambda row: (_rank(row.energy_uj), row.folder),
    RunOrder.AREA: lambda row: (_rank(row.area_mm2), row.folder),
    RunOrder.COST: lambda row: (_rank(row.chip_cost_usd), row.folder),
}
