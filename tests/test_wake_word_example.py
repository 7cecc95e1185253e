"""The example of a wake word: what it says without its data, and (slow) what it hears with them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "wake_word.py"


def run(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    settings = {name: value for name, value in os.environ.items() if name != "CHIPSMITH_DATA"}
    return subprocess.run(
        [sys.executable, str(EXAMPLE), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**settings, "PYTHONPATH": str(ROOT / "src"), **environment},
    )


def test_without_its_recordings_it_says_what_it_needs(tmp_path):
    for given in ({}, {"CHIPSMITH_DATA": str(tmp_path)}):
        done = run(tmp_path / "run", **given)
        assert done.returncode == 1
        assert done.stderr.startswith("wake_word.py needs the Free Spoken Digit Dataset: CHIPSMITH_DATA names")


@pytest.mark.slow
def test_it_notices_the_word_and_nothing_else(tmp_path, shared_data):
    done = run(tmp_path / "run", CHIPSMITH_DATA=str(shared_data))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("noticed 7>") == 2
    assert "noticed 2 times" in done.stdout
