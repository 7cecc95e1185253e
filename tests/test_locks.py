"""Locks between real processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chipsmith.errors import BadInput
from chipsmith.locks import sole_lock, waiting_lock

HOLDER = """
import sys, time
from pathlib import Path
from chipsmith.locks import sole_lock
with sole_lock(Path(sys.argv[1]), refusal="busy"):
    print("has it", flush=True)
    time.sleep(60)
"""


@contextmanager
def process_with_lock(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the lock."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "has it\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_until_the_first_dies(tmp_path):
    path = tmp_path / "lock"
    with (
        process_with_lock(path),
        pytest.raises(BadInput, match="somebody is busy"),
        sole_lock(path, refusal="somebody is busy"),
    ):
        pass
    assert path.exists()
    with sole_lock(path, refusal="somebody is busy"):
        assert path.exists()
    assert not path.exists()


def test_who_waits_gets_it_when_the_first_is_killed(tmp_path):
    path = tmp_path / "lock"
    begin = time.monotonic()
    with process_with_lock(path) as other, waiting_lock(path, on_wait=other.kill):
        assert time.monotonic() - begin < 30


COUNTER = """
import sys
from pathlib import Path
from chipsmith.locks import waiting_lock
folder = Path(sys.argv[1])
for _ in range(200):
    with waiting_lock(folder / "lock", on_wait=lambda: None):
        count = int((folder / "count").read_text())
        (folder / "count").write_text(str(count + 1))
"""


def test_no_two_processes_have_it(tmp_path):
    """Each reads a number and writes the next: none is lost, although the lock's file comes and goes."""
    (tmp_path / "count").write_text("0")
    others = [subprocess.Popen([sys.executable, "-c", COUNTER, str(tmp_path)]) for _ in range(3)]
    assert [other.wait() for other in others] == [0, 0, 0]
    assert (tmp_path / "count").read_text() == "600"
    assert not (tmp_path / "lock").exists()
