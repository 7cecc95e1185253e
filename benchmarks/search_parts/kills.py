"""A search that is killed again and again: it must end with the pairs, the trials and the front of one that was not."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chipsmith.schema import Json

SEED = 20261130
_LONGEST_S = 0.1
"""A kill comes so long after the journal has grown, at most."""


@dataclass(frozen=True, kw_only=True)
class KilledSearch:
    """`kills` of the `asked` that met a search at work, `pairs` of the whole one, and those missing or too many."""

    asked: int
    kills: int
    pairs: int
    missing: int
    more: int
    same_result: bool

    @property
    def met(self) -> bool:
        """Whether every kill met a search at work, nothing was lost and nothing differs."""
        return self.kills == self.asked and self.same_result and not self.missing and not self.more

    def to_json(self) -> Json:
        """Its fields."""
        return {**vars(self), "met": self.met}


def measure_kills(study: Path, folder: Path, *, kills: int = 30, workers: int = 2) -> KilledSearch:
    """Search once to the end, and once killed (SIGKILL) so many times, each time after at least one more pair.

    The study needs several times as many pairs as `kills`: some more are finished before each kill.
    """
    whole, killed = folder / "whole", folder / "killed"
    _start(study, whole, workers).communicate()
    generator = np.random.default_rng(SEED)
    met = sum(_kill(study, killed, workers, wait_s=generator.uniform(0, _LONGEST_S)) for _ in range(kills))
    _start(study, killed, workers).communicate()
    expected, seen = _pairs(whole), _pairs(killed)
    return KilledSearch(
        asked=kills,
        kills=met,
        pairs=len(expected),
        missing=len(expected - seen),
        more=len(seen - expected),
        same_result=_result(whole) == _result(killed),
    )


def _start(study: Path, out: Path, workers: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "chipsmith.cli", "search", str(study), "--out", str(out), "--resume"]
    return subprocess.Popen([*command, "--workers", str(workers)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _kill(study: Path, out: Path, workers: int, *, wait_s: float) -> bool:
    """Whether the search was still at work."""
    journal = out / "pairs.journal"
    before = journal.stat().st_size if journal.exists() else 0
    process = _start(study, out, workers)
    while process.poll() is None and (journal.stat().st_size if journal.exists() else 0) <= before:
        time.sleep(0.01)
    time.sleep(wait_s)
    at_work = process.poll() is None
    process.kill()
    process.communicate()
    return at_work


def _pairs(folder: Path) -> set[str]:
    return {json.loads(line)["pair"] for line in (folder / "pairs.journal").read_text().splitlines()}


def _result(folder: Path) -> Json:
    fields = json.loads((folder / "result.json").read_text())
    return {name: value for name, value in fields.items() if name != "cpu_hours"}
