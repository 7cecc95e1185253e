"""A scorer whose tasks are words; some of them end or hold the worker that takes them."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class MoodyScorer:
    """The outcome of a task is its length; the `folder` remembers who has been asked for it, across processes."""

    folder: Path

    def score(self, task: str) -> int:
        """Die or hang where the task says so: always, or for the first. A late one waits until another is asked."""
        asked = self.folder / task
        first = not asked.exists()
        with asked.open("a") as file:
            file.write(f"{os.getpid()}\n")
        if task.startswith("deadly") or (first and task.startswith("kills")):
            os.kill(os.getpid(), signal.SIGKILL)
        if (first and task.startswith("hangs")) or (not first and task.startswith("late")):
            time.sleep(600)
        while first and task.startswith("late") and len(self.workers_of(task)) < 2:
            time.sleep(0.05)
        if task.startswith("fails"):
            raise FileNotFoundError("no such length")
        return len(task)

    def workers_of(self, task: str) -> list[str]:
        """The processes that were asked for a task, in order."""
        return (self.folder / task).read_text().split()
