"""Work that is killed: `train`, `run` and `compress` meet SIGKILL at random moments, and the same command goes on.

Each command runs once to its end; what it leaves is the truth. Then a child of this process, which has all libraries
loaded already, runs it in a fresh folder and is killed: at a moment of the whole duration, or right before a file of
the folder takes its name. Another child runs the command again, with `--resume` where the verb has it. Lost is what
ends other than 0, or leaves a folder that differs in a byte from the truth, beside wall times and the page that shows
them.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

SEED = 20261129
_SMALL = (
    *("training.epochs=3", "training.augmentation=null", "network.channels=[4,8]", "network.dense=[16]"),
    *("validation.executed=200", "validation.compared=20", "validation.bootstrap=100"),
)
_TIMED = {"report.html"}

Contents = dict[str, bytes]


@dataclass(frozen=True, kw_only=True)
class Job:
    """A command that is killed `kills` times; `again` are the words that go on with it."""

    verb: str
    words: tuple[str, ...]
    again: tuple[str, ...]
    kills: int

    def arguments(self, folder: Path) -> list[str]:
        """The words after `chipsmith`."""
        settings = [word for setting in _SMALL for word in ("--set", setting)]
        return [self.verb, "digits", *settings, "--out", str(folder), *self.words]


JOBS = (
    Job(verb="train", words=(), again=("--resume",), kills=20),
    Job(verb="run", words=("--chip", "nano-64"), again=("--resume",), kills=20),
    Job(verb="compress", words=("--chip", "nano-64", "--trials", "2", "--epochs", "1"), again=(), kills=10),
)


def measure() -> dict[str, Any]:
    """Kills of all jobs, and how many of them lost something."""
    return {"kills": measure_jobs(JOBS)}


def measure_jobs(jobs: Sequence[Job]) -> dict[str, Any]:
    """The same of these jobs; `lost` counts them, `losses` says of each what differs."""
    _load(jobs)
    losses = [loss for job in jobs for loss in _kill_job(job)]
    return {"tried": sum(job.kills for job in jobs), "lost": len(losses), "losses": losses}


def _kill_job(job: Job) -> list[str]:
    generator = np.random.default_rng([SEED, len(job.verb)])
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        begun = time.monotonic()
        if _wait(_start(job.arguments(base / "truth"))) != 0:
            raise RuntimeError(f"{job.verb} ends with a fault without any kill")
        duration, truth = time.monotonic() - begun, read_folder(base / "truth")
        losses = []
        for number in range(job.kills):
            folder = base / f"killed-{number}"
            kill = _kill_in_write if number % 2 else _kill_in_time
            how = kill(job.arguments(folder), generator, duration=duration, writes=len(truth))
            code = _wait(_start([*job.arguments(folder), *job.again]))
            losses += [f"{job.verb} killed {how}: {loss}" for loss in _compare(code, read_folder(folder), truth)]
        return losses


def _compare(code: int, left: Contents, truth: Contents) -> list[str]:
    """What was lost, in at most one line."""
    if code != 0:
        return [f"the command that goes on ends with {code}"]
    different = sorted(name for name in left.keys() | truth.keys() if left.get(name) != truth.get(name))
    return [f"{', '.join(different)} differ"] if different else []


def read_folder(folder: Path) -> Contents:
    """The bytes of all files by their paths, hidden ones too; of result.json all but what wall clocks said."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    contents = {str(path.relative_to(folder)): path.read_bytes() for path in files}
    return {
        name: _without_times(content) if name == "result.json" else b"" if name in _TIMED else content
        for name, content in contents.items()
    }


def _without_times(content: bytes) -> bytes:
    fields = json.loads(content)
    fields.pop("host", None)
    return json.dumps(fields).encode()


def _start(arguments: Sequence[str], *, before: Callable[[], None] = lambda: None) -> int:
    """A child that runs the command and prints nothing; its process id."""
    from chipsmith import cli

    child = os.fork()
    if child:
        return child
    code = 1
    with suppress(BaseException):
        os.setpgid(0, 0)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (1, 2):
            os.dup2(nowhere, descriptor)
        before()
        try:
            cli.main(list(arguments))
        except SystemExit as ending:
            code = int(ending.code or 0)
    os._exit(code)


def _kill_in_time(arguments: Sequence[str], generator: np.random.Generator, *, duration: float, writes: int) -> str:
    """Kill the command at a moment of its duration; where it ended before, kill it again in an empty folder."""
    del writes
    while True:
        child, moment = _start(arguments), float(generator.uniform(0, duration))
        time.sleep(moment)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        if _wait(child) == -signal.SIGKILL:
            return f"after {moment:.2f} s"
        shutil.rmtree(arguments[arguments.index("--out") + 1])


def _kill_in_write(arguments: Sequence[str], generator: np.random.Generator, *, duration: float, writes: int) -> str:
    """Kill the command when a file, all written, is about to take its name."""
    del duration
    number = int(generator.integers(writes))
    if _wait(_start(arguments, before=lambda: _die_in_write(number))) != -signal.SIGKILL:
        raise RuntimeError(f"{arguments[0]} writes fewer than {number} files")
    return f"before write {number}"


def _die_in_write(number: int) -> None:
    """Have this process killed when the numbered file is about to take its name."""
    from chipsmith import files

    rename, numbers = files.Path.replace, count()

    def replace(path: Path, target: Path) -> Path:
        if next(numbers) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return rename(path, target)

    files.Path.replace = replace  # type: ignore[method-assign]


def _wait(child: int) -> int:
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _load(jobs: Sequence[Job]) -> None:
    """Load in this process what every child would load for itself, by doing the work once."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from chipsmith.cli import main

    with tempfile.TemporaryDirectory() as name, redirect_stdout(sys.stderr):
        for job in jobs:
            with suppress(SystemExit):
                main(job.arguments(Path(name) / job.verb))


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
    sys.exit()
