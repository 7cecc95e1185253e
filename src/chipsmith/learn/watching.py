"""Who watches a long job, and how long its stages take on the host."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from chipsmith.learn import OnEpoch
from chipsmith.learn.training import ignore


class Watch:
    """Is told what is at work; this one shows nothing."""

    def stage(self, name: str) -> None:
        """A stage begins."""

    def training(self, epochs: int) -> AbstractContextManager[OnEpoch]:  # noqa: ARG002 for those who show it
        """Gives what is to be called after each of so many epochs."""
        return nullcontext(ignore)


SILENT = Watch()


class Stages:
    """Tells a watch of each stage, and keeps the wall seconds of each by name."""

    def __init__(self, watch: Watch) -> None:
        self.wall_s: dict[str, float] = {}
        self._watch = watch

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the wall time of the block under `name`."""
        self._watch.stage(name)
        begin = time.perf_counter()
        yield
        self.wall_s[name] = time.perf_counter() - begin
