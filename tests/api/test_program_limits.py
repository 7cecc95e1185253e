"""The verbs of a program keep to the limits that they are given, and say how to allow more."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import chipsmith
from chipsmith import cli
from chipsmith.errors import BadInput
from chipsmith.program.limits import Limits

NETWORK = str(Path(__file__).parents[1] / "networks" / "digits_cnn.tosa")


@pytest.fixture(name="files")
def program_and_input(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program = chipsmith.compile(NETWORK, output="p.program", no_check=True).program
    (port,) = program.manifest.inputs
    np.save("x.npy", np.zeros(port.shape, port.dtype))
    return "p.program", "x.npy"


def refusal(capsys, *words):
    """What a command says that exits with 2."""
    with pytest.raises(SystemExit) as left:
        cli.main(words)
    assert left.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("verb", ["simulate", "cosim"])
def test_commands_on_a_program_take_limits(files, capsys, verb):
    program, inputs = files
    assert "more than the 4 KiB that it may: allow more by --memory-limit" in refusal(
        capsys, verb, program, "--input", inputs, "--memory-limit", "4KiB"
    )
    assert "more than the 10 that are executed: allow more by --work-limit" in refusal(
        capsys, verb, program, "--input", inputs, "--work-limit", "10"
    )
    assert "'much' is given" in refusal(capsys, verb, program, "--memory-limit", "much")


def test_infer_takes_limits_for_the_chip_alone(files, capsys):
    assert "allow more by --work-limit" in refusal(capsys, "infer", NETWORK, "--input", files[1], "--work-limit", "10")
    message = refusal(capsys, "infer", NETWORK, "--input", files[1], "--target", "reference", "--work-limit", "10")
    assert "target reference does not take limits" in message


def test_the_environment_sets_limits_everywhere(files, capsys, monkeypatch):
    monkeypatch.setenv("CHIPSMITH_WORK_LIMIT", "10")
    assert "CHIPSMITH_WORK_LIMIT" in refusal(capsys, "simulate", files[0], "--input", files[1])
    allowed = Limits(work_cycles=1_000_000)
    assert chipsmith.simulate(files[0], inputs=files[1], limits=allowed).inferences == 1


def test_time_alone_is_simulated_whatever_the_work(files):
    result = chipsmith.simulate(files[0], limits=Limits(work_cycles=1))
    assert result.cold.latency_cycles > 1
    with pytest.raises(BadInput, match="--work-limit"):
        chipsmith.simulate(files[0], inputs=files[1], limits=Limits(work_cycles=1))


@pytest.mark.parametrize("option", ["--floor", "--target-db"])
@pytest.mark.parametrize("value", ["nan", "inf"])
def test_decibels_are_finite(capsys, option, value):
    assert f"{option} is a number of decibels, such as 20; {value} is given" in refusal(
        capsys, "compile", NETWORK, option, value
    )
