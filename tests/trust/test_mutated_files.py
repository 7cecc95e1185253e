"""The watch over mutated files sees each kind of harm, and some of every format's files do none."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
HERE = Path(__file__).parent
sys.path.append(str(HERE.parents[1] / "benchmarks"))  # last: its files must not stand before Python's own

from mutations.attack import HARM, Attack, attack_format  # noqa: E402
from trust_parts.formats import FORMATS, attack_named  # noqa: E402

SLICE = 25
"""Files of each format; the benchmark takes 2,000."""


@pytest.fixture(autouse=True)
def _workers_find_the_planted(monkeypatch):
    if sys.platform != "linux":
        pytest.skip("peaks of memory are read from /proc")
    source = HERE.parents[1] / "src"
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(source), str(HERE)]))


def harms(done: Attack) -> dict[str, int]:
    return {name: done.counts[name] for name in HARM if done.counts[name]}


@pytest.mark.parametrize(
    ("planted", "harm"),
    [
        ("traceback", "tracebacks"),
        ("exits", "tracebacks"),
        ("crash", "tracebacks"),
        ("hang", "hangs"),
        ("memory", "over_memory"),
        ("loader_of_before", "code_executed"),
        ("swallowing", "code_executed"),
        ("command", "code_executed"),
        ("process", "code_executed"),
        ("unpickling", "code_executed"),
        ("connection", "code_executed"),
        ("writing", "code_executed"),
    ],
)
def test_planted_harm_is_counted(planted, harm):
    done = attack_format(f"planted:{planted}", tried=2)
    assert done.tried == 2
    assert harms(done) == {harm: 2}


def test_a_reader_that_reads_or_refuses_does_no_harm():
    done = attack_format("planted:harmless", tried=2)
    assert (done.counts["past_parser"], harms(done)) == (2, {})
    assert harms(attack_format("planted:refusing", tried=2)) == {}


@pytest.mark.parametrize("name", FORMATS)
def test_changed_files_are_read_or_refused(name):
    done = attack_named(name, tried=SLICE)
    assert done.tried >= SLICE
    assert done.harms == []
