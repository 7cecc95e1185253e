"""The example of the second hour, whole: every step does what it says, within six minutes of a processor."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_SECONDS = 360
MOST_BYTES = 2_000_000
"""Of a page."""


@pytest.fixture(scope="module")
def printed(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("hour")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "second_hour.py"), str(folder)],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return done.stdout


def step(printed: str, name: str) -> str:
    """What a step printed, by the words of its heading."""
    return printed.partition(f"== {name}")[2].partition("\n== ")[0]


@pytest.mark.slow
def test_all_steps_together_take_less_than_six_minutes_of_a_processor(printed):
    assert float(re.search(r"^all: ([\d.]+)$", printed, re.MULTILINE)[1]) < MOST_SECONDS


@pytest.mark.slow
def test_a_layer_has_its_authors_name_in_every_place(printed):
    places = dict(re.findall(r"^([\w.]+): in (.*)$", step(printed, "1 names"), re.MULTILINE))
    assert set(places.values()) == {"the page, the trace, simulate, diff"}
    assert set(places) == {"features.conv1", "features.pool1", "features.conv2", "features.pool2", "dense1", "dense2"}
    told = step(printed, "1 names")
    assert "features.relu1: fused into the kernel of features.conv1" in told
    assert "flatten: no kernel: done before the chip" in told


@pytest.mark.slow
def test_the_best_gain_is_what_its_command_gives(printed):
    again, said = re.search(r"simulated again with .*: ([\d,]+) cycles, and the advice says ([\d,]+)", printed).groups()
    assert int(again.replace(",", "")) == pytest.approx(int(said.replace(",", "")), rel=0.01)


@pytest.mark.slow
def test_runs_pictures_and_streams_are_told(printed):
    assert "2 runs" in step(printed, "3 runs and compare")
    assert "40 pictures of a folder a class: accuracy" in step(printed, "4 Python")
    assert "warning: unlike the training images: in colour" in step(printed, "4 Python")
    assert re.search(r"^\d+ decisions", step(printed, "5 stream"), re.MULTILINE)


@pytest.mark.slow
def test_pages_are_small_and_load_nothing(printed):
    pages = re.findall(r"^(\S+\.html): ([\d.]+) MB, (\d+) loads from elsewhere$", printed, re.MULTILINE)
    assert {"chips.html", "compare.html", "why.html"} <= {name for name, _, _ in pages}
    assert all(float(size) * 1e6 < MOST_BYTES and loads == "0" for _, size, loads in pages)


@pytest.mark.parametrize("name", ["second_hour.py", "wake_word.py", "networks.py"])
def test_an_example_says_what_it_takes_and_begins_nothing(tmp_path, name):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, str(ROOT / "examples" / name)]
    helped = subprocess.run([*command, "--help"], capture_output=True, text=True, cwd=tmp_path, env=environment)
    refused = subprocess.run([*command, "--what"], capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert (helped.returncode, refused.returncode) == (0, 2)
    assert helped.stdout.startswith("usage: ")
    assert list(tmp_path.iterdir()) == []
