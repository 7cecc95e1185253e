"""Work that a signal ends without warning: what it leaves is no harm, and the same command ends with the same bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chipsmith.files import remove_unfinished, write_whole
from chipsmith.flow.run_folder import sole_work

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
KILL_EACH = """
import dataclasses, json
from trust_parts import kills
jobs = [dataclasses.replace(job, kills=2) for job in kills.JOBS]
print(json.dumps(kills.measure_jobs(jobs)))
"""


def test_a_file_that_was_not_finished_is_removed_by_the_next_work(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fdopen", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)  # a process that is killed removes nothing
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "result.json", b"{}")
    monkeypatch.undo()
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".")
    with sole_work(tmp_path):
        assert not left.exists()


def test_files_of_ones_own_stay(tmp_path):
    for name in (".hidden", "report.html", "notes.unfinished"):
        (tmp_path / name).write_text("mine")
    remove_unfinished(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {".hidden", "report.html", "notes.unfinished"}


@pytest.mark.slow
def test_train_run_and_compress_lose_nothing_to_kills():
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(BENCHMARKS), *sys.path])}
    done = subprocess.run([sys.executable, "-c", KILL_EACH], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"tried": 6, "lost": 0, "losses": []}
