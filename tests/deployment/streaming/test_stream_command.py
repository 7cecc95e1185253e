"""`chipsmith stream` as a shell has it: files, pipes, one object, an interrupt, and what is not to be streamed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tones import RATE_HZ, tone

import chipsmith

ROOT = Path(chipsmith.__file__).parents[1]
DIGITS = Path(__file__).parents[2] / "networks" / "digits_cnn.tosa"


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "chipsmith.start", "stream", *map(str, words)]


def listen(*words: object, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command(*words), input=given, capture_output=True, check=False, env=environment)


def raw(samples: np.ndarray) -> bytes:
    return (samples * 32767).astype("<i2").tobytes()


def test_a_file_and_the_same_samples_on_a_pipe_are_heard_alike(listener_file, tmp_path):
    samples = (tone(300, 0.6) * 32767).astype("<i2")
    soundfile.write(tmp_path / "low.wav", samples, RATE_HZ)
    file = json.loads(listen(listener_file, tmp_path / "low.wav", "--json").stdout)
    pipe = json.loads(listen(listener_file, "-", "--rate", RATE_HZ, "--json", given=samples.tobytes()).stdout)
    answers = [[row["probabilities"] for row in heard["decisions"]] for heard in (file, pipe)]
    assert answers[0] == answers[1]
    assert len(answers[0]) == 30
    assert pipe["schema_version"] == 1


def test_lines_of_json_are_decisions_and_then_the_summary(listener_file):
    done = listen(listener_file, "--rate", RATE_HZ, "--jsonl", given=raw(tone(300, 0.3)))
    *decisions, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["index"] for row in decisions] == list(range(15))
    assert last["summary"]["inferences"] == 15


def test_people_read_times_of_host_and_chip_apart(listener_file):
    done = listen(listener_file, "--rate", RATE_HZ, "--threshold", "0.5", "--detect", "low", given=raw(tone(300, 0.6)))
    text = done.stdout.decode()
    assert "noticed" in text
    for figure in ("host, a hop", "chip, an inference", "deadline misses", "energy an hour"):
        assert figure in text
    assert " us" not in text


def test_an_interrupt_prints_what_was_heard(listener_file):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command(listener_file, "--rate", RATE_HZ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(raw(tone(300, 0.5)))
    process.stdin.flush()
    first = process.stdout.readline()
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"low" in first
    assert b"inferences" in rest


@pytest.mark.parametrize(
    ("words", "given", "said"),
    [
        (("-",), b"", "--rate"),
        (("-", "--rate", "8000"), b"", "holds no samples"),
        (("-", "--rate", "8000", "--format", "mp3"), b"12", "s16le"),
        (("missing.wav",), b"", "missing.wav"),
    ],
)
def test_what_cannot_be_heard_is_one_clear_message(listener_file, words, given, said):
    done = listen(listener_file, *words, given=given)
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert len(done.stderr.decode().splitlines()) <= 2
    assert "Traceback" not in done.stderr.decode()


def test_a_program_that_no_recipe_made_is_refused(tmp_path):
    chipsmith.compile(DIGITS, output=tmp_path / "digits.program")
    done = listen(tmp_path / "digits.program", "-", "--rate", 8000, given=raw(tone(300, 0.3)))
    assert done.returncode == 2
    assert "it was not made of a recipe" in done.stderr.decode()
