"""Tasks on leases: workers that are killed or hang change no outcome, and leave nothing behind."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys

import psutil
import pytest
from toy_scorers import MoodyScorer

from chipsmith.errors import BadInput, CheckFailed
from chipsmith.studies.search.crews import LocalCrew
from chipsmith.studies.search.workers import WorkerPool, open_pool


@pytest.fixture(scope="module")
def scorer(tmp_path_factory):
    return MoodyScorer(folder=tmp_path_factory.mktemp("asked"))


@pytest.fixture(scope="module")
def crew():
    return LocalCrew(count=2)


@pytest.fixture(scope="module")
def pool(scorer, crew):
    """Two workers with leases of eight seconds: twice as long is what a busy machine may hold an answer back."""
    pool = WorkerPool(crew, scorer, lease_s=8.0)
    yield pool
    before = [
        child for child in psutil.Process().children() if any("worker_process" in word for word in child.cmdline())
    ]
    pool.close()
    assert before  # one that a test has killed may not have its successor yet
    assert psutil.wait_procs(before, timeout=5)[1] == []


def outcomes(pool, *tasks):
    return dict(pool.run({task: task for task in tasks}))


def test_each_task_gets_its_outcome_from_two_processes(pool, scorer):
    tasks = [f"task {index}" for index in range(12)]
    assert outcomes(pool, *tasks) == {task: len(task) for task in tasks}
    processes = {process for task in tasks for process in scorer.workers_of(task)}
    assert len(processes) <= 2
    assert str(os.getpid()) not in processes


def test_nobody_else_can_talk_to_the_scheduler_or_a_worker(pool, crew):
    addresses = [crew.client().scheduler.address, *crew.find_workers()]
    assert len(addresses) == 3
    for address in addresses:
        host, port = address.removeprefix("tls://").split(":")
        assert host == "127.0.0.1"
        with socket.create_connection((host, int(port)), timeout=5) as plain:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with pytest.raises((ssl.SSLError, ConnectionError)), context.wrap_socket(plain) as stranger:
                stranger.recv(1)  # a server of TLS 1.3 refuses a client without a certificate after the handshake


def test_quick_tasks_share_leases_and_each_keeps_its_own_outcome(pool):
    tasks = [f"{'quick' * (index % 3)} {index}" for index in range(90)]
    assert outcomes(pool, *tasks) == {task: len(task) for task in tasks}


def test_the_first_answer_counts_also_where_it_is_late(pool, scorer):
    assert outcomes(pool, "late") == {"late": 4}
    assert len(scorer.workers_of("late")) == 2


def test_a_worker_that_is_killed_and_one_that_hangs_change_nothing(pool, scorer):
    tasks = ["before", "kills once", "between", "hangs once", "after"]
    assert outcomes(pool, *tasks) == {task: len(task) for task in tasks}
    for task in ("kills once", "hangs once"):
        first, *others = scorer.workers_of(task)
        assert others
        assert first not in others


def test_a_task_that_three_workers_die_of_ends_the_search(pool, scorer):
    with pytest.raises(CheckFailed, match="deadly: 3 workers died or hung with it; `--workers 1` scores it"):
        outcomes(pool, "deadly", "harmless")
    assert len(scorer.workers_of("deadly")) == 3
    assert outcomes(pool, "harmless too") == {"harmless too": 12}


def test_what_the_scorer_raises_is_raised_here_at_once(pool, scorer):
    with pytest.raises(FileNotFoundError, match="no such length"):
        outcomes(pool, "fails")
    assert len(scorer.workers_of("fails")) == 1


def test_one_worker_is_this_process(scorer):
    with open_pool(scorer, workers=1, scheduler="") as pool:
        assert pool is None


COLLECTED_UNDER_THE_LOCK = """
import gc
from distributed.utils import LoopRunner
from chipsmith.errors import BadInput
from chipsmith.studies.search.crews import RemoteCrew

start = LoopRunner._start_unlocked

def start_and_collect(runner):
    gc.collect()
    start(runner)

gc.disable()
LoopRunner._start_unlocked = start_and_collect
for _ in range(2):
    try:
        RemoteCrew(address="nonsense").client()
    except BadInput as error:
        kept = [error]
        kept.append(kept)  # as whoever looks at an error keeps it, until garbage is collected
        del kept
        print("refused", flush=True)
"""


def test_a_refused_scheduler_leaves_nothing_that_stops_the_next_client():
    """The end of a client that failed takes the lock under which the next one starts: they must not meet."""
    done = subprocess.run(
        [sys.executable, "-c", COLLECTED_UNDER_THE_LOCK], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["refused", "refused"]


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense", "udp://127.0.0.1:9"])
def test_a_scheduler_that_does_not_answer_is_refused(address, scorer, monkeypatch):
    monkeypatch.setattr("chipsmith.studies.search.crews._CONNECT_S", 0.5)
    with (
        pytest.raises(BadInput, match=r"no scheduler answers at .*: start one with `dask scheduler`"),
        open_pool(scorer, workers=1, scheduler=address),
    ):
        pass
