"""Tasks scored by workers on leases: whoever dies or hangs, each task gets its outcome, and the first one counts."""

from __future__ import annotations

import math
import pickle
import queue
import time
import uuid
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from chipsmith.errors import BadInput, CheckFailed
from chipsmith.extras import require_package
from chipsmith.studies.search.crews import Crew, LocalCrew, RemoteCrew
from chipsmith.studies.search.remote import (
    Scoring,
    Software,
    describe_software,
    install_scorer,
    remove_scorer,
    score_tasks,
)

LEASE_S = 300.0
"""The first lease of a task: no score takes as long. Each further one of the same task is twice as long."""
MOST_LOSSES = 3
"""Leases of one task that may be lost before it is the task that is blamed."""
MOST_TOGETHER = 8
"""Quick tasks that one lease has at most: all of them are asked for again where it is lost."""
_QUICK_S = 0.1
"""Tasks that take as long, or longer, are leased one by one: what a lease itself takes is nothing to them."""
_LOOK_S = 0.5
"""So often at least the workers are looked for, and leases for their deadlines."""
_JOIN_S = 60.0
"""Without any worker for so long a search ends."""
_FETCH_S = 15.0
_FAREWELL_S = 2.0

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")


@dataclass(frozen=True, kw_only=True)
class Lease:
    """What a worker was asked for, and until when it is waited for (seconds of the monotonic clock).

    `keys` are those of tasks, none for taking the scorer. What an `overdue` one has is asked of another worker too; it
    has as long again to answer first.
    """

    worker: str
    keys: tuple[str, ...]
    deadline: float
    length_s: float
    overdue: bool = False

    @property
    def task_s(self) -> float:
        """The seconds of a task, where all are answered now."""
        return (time.monotonic() - self.deadline + self.length_s) / len(self.keys)


class WorkerPool(Generic[Task, Outcome]):
    """Workers that score tasks, one at a time each. The scorer goes to each worker once."""

    def __init__(self, crew: Crew, scorer: Scoring[Task, Outcome], *, lease_s: float = LEASE_S) -> None:
        self._crew, self._scorer, self._lease_s = crew, scorer, lease_s
        self._name = f"search-{uuid.uuid4().hex}"
        self._software: Software = {}
        self._payload = b""
        self._task_s = _QUICK_S
        self._leases: dict[Any, Lease] = {}
        self._ready: set[str] = set()
        self._workers: frozenset[str] = frozenset()
        self._looked, self._seen = float("-inf"), time.monotonic()
        self._news: queue.SimpleQueue[Any] = queue.SimpleQueue()

    @property
    def counted(self) -> bool:
        """Whether the workers' processor time is added to that of this process when they end."""
        return self._crew.counted

    def run(self, tasks: Mapping[str, Task]) -> Iterator[tuple[str, Outcome]]:
        """The outcomes by the tasks' keys, as they become known.

        Raises CheckFailed where a task has lost its worker too often, or no worker is left; BadInput where a worker has
        other software; and whatever the scorer raises.
        """
        asked = _Round(tasks=tasks, waiting=deque(tasks), open=set(tasks))
        self._seen = time.monotonic()
        while asked.open:
            self._look(asked)
            self._ask(asked)
            try:
                future = self._news.get(timeout=_LOOK_S)
            except queue.Empty:
                continue
            lease = self._leases.pop(future, None)
            if lease is None:
                continue
            if not lease.keys:
                self._admit(lease, future)
            elif not asked.open.isdisjoint(lease.keys):
                yield from self._take(lease, future, asked)

    def close(self) -> None:
        """Forget what was asked for, and end the workers that are ours."""
        self._leases.clear()
        try:
            if not self._crew.counted:
                self._take_scorers_away()
        finally:
            self._crew.close()

    def _take_scorers_away(self) -> None:
        """From workers that stay when the search ends; one that is busy keeps it until others' have taken its place."""
        with suppress(*_departures(), RuntimeError):
            removals = [self._submit(remove_scorer, self._name, worker=worker) for worker in self._ready]
            end = time.monotonic() + _FAREWELL_S
            for removal in removals:
                removal.result(timeout=max(0.0, end - time.monotonic()))

    def _take(self, lease: Lease, future: Any, asked: _Round[Task]) -> Iterator[tuple[str, Outcome]]:
        """The outcomes of a lease that was answered; none where its worker has gone with them."""
        error = _failure_of(future)
        if error is not None:
            raise error
        try:
            outcomes = future.result(timeout=_FETCH_S)
        except _departures():
            self._workers -= {lease.worker}  # until it is looked for again: it would be asked at once
            self._lose(lease, asked)
            return
        self._task_s = (self._task_s + lease.task_s) / 2
        for key, outcome in zip(lease.keys, outcomes, strict=True):
            if key in asked.open:
                asked.open.discard(key)
                yield key, outcome

    def _look(self, asked: _Round[Task]) -> None:
        """See who has come and gone, and which leases are over."""
        now = time.monotonic()
        if now - self._looked < _LOOK_S:
            return
        self._looked, self._workers = now, self._crew.find_workers()
        self._ready &= self._workers
        for future, lease in list(self._leases.items()):
            if lease.worker not in self._workers:
                del self._leases[future]
                future.cancel()
                if not lease.overdue:
                    self._lose(lease, asked)
            elif now > lease.deadline:
                self._leases[future] = self._pass_deadline(lease, asked)
        if self._workers:
            self._seen = now
        elif now - self._seen > _JOIN_S:
            raise CheckFailed(self._crew.describe_absence())

    def _pass_deadline(self, lease: Lease, asked: _Round[Task]) -> Lease:
        """Ask for the task elsewhere too; a worker that has hung for two leases is replaced."""
        if lease.overdue or not lease.keys:
            self._crew.replace(lease.worker)
        else:
            self._lose(lease, asked)
        return replace(lease, overdue=True, deadline=lease.deadline + lease.length_s)

    def _lose(self, lease: Lease, asked: _Round[Task]) -> None:
        for key in reversed([key for key in lease.keys if key in asked.open]):
            asked.losses[key] += 1
            if asked.losses[key] == MOST_LOSSES:
                raise CheckFailed(
                    f"{key}: {MOST_LOSSES} workers died or hung with it; `--workers 1` scores it in one process and "
                    "shows why"
                )
            asked.waiting.appendleft(key)

    def _ask(self, asked: _Round[Task]) -> None:
        """Lease what waits to those who are idle; those who are new get the scorer first."""
        busy = {lease.worker for lease in self._leases.values()}
        share = math.ceil(len(asked.waiting) / max(1, len(self._workers)))
        most = min(share, MOST_TOGETHER) if self._task_s < _QUICK_S else 1
        for worker in sorted(self._workers - busy):
            if worker not in self._ready:
                self._offer_scorer(worker)
                continue
            keys = asked.take(most)
            if keys:
                length_s = self._lease_s * 2 ** asked.losses[keys[0]] * len(keys)
                future = self._submit(score_tasks, self._name, [asked.tasks[key] for key in keys], worker=worker)
                self._hold(future, worker=worker, keys=keys, length_s=length_s)

    def _offer_scorer(self, worker: str) -> None:
        if not self._payload:
            self._software, self._payload = describe_software(), pickle.dumps(self._scorer)
        future = self._submit(install_scorer, self._name, self._payload, self._software, worker=worker)
        self._hold(future, worker=worker, keys=(), length_s=max(self._lease_s, _JOIN_S))

    def _admit(self, lease: Lease, future: Any) -> None:
        """A worker has answered with its software. Raises BadInput where it is another."""
        error = _failure_of(future)
        if error is not None:
            raise BadInput(
                f"the worker {lease.worker} cannot take the search: {' '.join(str(error).split())[:200]}; install "
                f"{_join(self._software)} with the extra `search` there, and restart it"
            )
        try:
            own: Software = future.result(timeout=_FETCH_S)
        except _departures():
            return
        other = {name: version for name, version in own.items() if version != self._software.get(name)}
        if other:
            here = {name: self._software[name] for name in other}
            raise BadInput(
                f"the worker {lease.worker} has {_join(other)}, and this search {_join(here)}: install the same "
                "there, and restart it"
            )
        self._ready.add(lease.worker)

    def _submit(self, function: Any, *arguments: object, worker: str) -> Any:
        return self._crew.client().submit(
            function,
            *arguments,
            key=f"{self._name}-{uuid.uuid4().hex}",
            workers=[worker],
            allow_other_workers=False,
            pure=False,
        )

    def _hold(self, future: Any, *, worker: str, keys: tuple[str, ...], length_s: float) -> None:
        self._leases[future] = Lease(worker=worker, keys=keys, deadline=time.monotonic() + length_s, length_s=length_s)
        future.add_done_callback(self._news.put)


@dataclass(kw_only=True)
class _Round(Generic[Task]):
    """What is asked for together: keys without a lease, keys without an outcome, and the leases that each key lost."""

    tasks: Mapping[str, Task]
    waiting: deque[str]
    open: set[str]
    losses: Counter[str] = field(default_factory=Counter)

    def take(self, most: int) -> tuple[str, ...]:
        """Keys that wait, for one lease; what a lease was lost with comes alone, for it may be the reason."""
        keys: list[str] = []
        while self.waiting and len(keys) < most and not (keys and self.losses[self.waiting[0]]):
            key = self.waiting.popleft()
            if key in self.open:  # no late answer came first
                keys.append(key)
            if self.losses[key] and keys:
                break
        return tuple(keys)


@contextmanager
def open_pool(
    scorer: Scoring[Task, Outcome], *, workers: int, scheduler: str
) -> Iterator[WorkerPool[Task, Outcome] | None]:
    """Workers for the block: none for one, `workers` processes that start with the first tasks, or a scheduler's own.

    Raises BadInput where dask is not installed, or the scheduler does not answer.
    """
    if workers == 1 and not scheduler:
        yield None
        return
    require_package("distributed", extra="search", task="score in several processes")
    crew: Crew = RemoteCrew(address=scheduler) if scheduler else LocalCrew(count=workers)
    if scheduler:
        crew.client()
    pool = WorkerPool(crew, scorer)
    try:
        yield pool
    finally:
        pool.close()


def _failure_of(future: Any) -> BaseException | None:
    """What a task itself raised; None where it was answered, or where its worker has gone."""
    from distributed.scheduler import KilledWorker

    error: BaseException | None = future.exception() if future.status == "error" else None
    return None if isinstance(error, KilledWorker) else error


def _departures() -> tuple[type[Exception], ...]:
    """What fetching an outcome raises where its worker, or the scheduler, has just gone."""
    from distributed.scheduler import KilledWorker

    return (TimeoutError, OSError, CancelledError, KilledWorker)


def _join(software: Software) -> str:
    return ", ".join(f"{name} {version}" for name, version in software.items())
