"""The table of results, kept in a file: a network whose fingerprint is the same is not run again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from doors.process import PACKAGES, SOURCE
from doors.row import Outcome
from doors.subject import Subject

OURS = ("torch", "onnx", "onnxruntime", "ai-edge-litert", "numpy", "tosa-tools")
"""What a front door's result depends on, beside the product's own code."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A network and what became of it. `source` says where it comes from."""

    group: str
    file: str
    door: str
    source: str
    whole: bool
    sqnr_db: float | None
    lowering_cpu_s: float | None
    refusal: str | None
    wrong: str | None
    same_strings: float | None
    rival_sqnr_db: float | None
    excluded: str | None
    fingerprint: str


def row_of(subject: Subject, outcome: Outcome) -> Row:
    """The row of a subject."""
    return Row(
        group=subject.group,
        file=subject.file,
        door=subject.door,
        source=", ".join(f"{package} {installed(package) or 'absent'}" for package in subject.packages),
        fingerprint=fingerprint(subject),
        **asdict(outcome),
    )


def missing_packages(subject: Subject) -> list[str]:
    """The distributions that a subject needs and that are not installed."""
    return [package for package in subject.packages if installed(package) is None]


@cache
def installed(package: str) -> str | None:
    """The version of a distribution; None where there is none."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def fingerprint(subject: Subject) -> str:
    """A hash of what a subject's row depends on: the product's code, the benchmark's, and versions of packages."""
    versions = {package: installed(package) for package in (*OURS, *subject.packages)}
    parts = (subject.key, _hash_tree(SOURCE), _hash_tree(PACKAGES), json.dumps(versions))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


@cache
def _hash_tree(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        digest.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def read_rows(file: Path) -> dict[str, Row]:
    """The rows of a file by their keys; none where there is no file."""
    if not file.exists():
        return {}
    rows = [Row(**row) for row in json.loads(file.read_text())["rows"]]
    return {f"{row.group}/{row.file}/{row.door}": row for row in rows}


def write_rows(file: Path, rows: Mapping[str, Row]) -> None:
    """Write the rows, whole or not at all."""
    part = file.with_suffix(".part")
    part.write_text(format_rows(rows.values()))
    part.replace(file)


def format_rows(rows: Iterable[Row]) -> str:
    """The rows as JSON."""
    return json.dumps({"rows": [asdict(row) for row in rows]}, indent=1, allow_nan=False) + "\n"
