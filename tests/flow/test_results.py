"""What verbs return: when a run is a failure, and how many inferences a simulation's outputs hold."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import chipsmith
from chipsmith.flow.results import RunResult
from chipsmith.reports.record import BitExactness, RunRecord

DIGITS = str(Path(__file__).parents[1] / "networks" / "digits_cnn.tosa")


@pytest.fixture(scope="module")
def estimate():
    (estimate,) = chipsmith.estimate(DIGITS)
    return estimate


def run_with(estimate, *, mismatches: int | None, rtl: str | None = None) -> RunResult:
    """A run whose chip differs from its witness in so many outputs, and its RTL from the simulators as told."""
    exactness = None
    if mismatches is not None:
        exactness = BitExactness(
            mismatches=mismatches, compared=100, images=10, reference="a witness", reference_version="1"
        )
    record = RunRecord(network=estimate.network, chip=estimate.chip, inference=estimate.inference, bit_exact=exactness)
    cosim = None if rtl is None else SimpleNamespace(difference=rtl)
    return RunResult(record=record, folder=Path("runs"), cosim=cosim)


@pytest.mark.parametrize(
    ("mismatches", "rtl", "failure"),
    [
        (0, None, ""),
        (0, "", ""),
        (3, None, "3 of 100 outputs of the chip differ from a witness"),
        (3, "a bit differs", "3 of 100 outputs of the chip differ from a witness"),
        (0, "a bit differs", "a bit differs"),
        (None, None, "the run was not compared with a witness"),
    ],
)
def test_a_run_fails_where_chip_or_rtl_differs(estimate, mismatches, rtl, failure):
    result = run_with(estimate, mismatches=mismatches, rtl=rtl)
    assert result.failure == failure
    assert result.bit_exact is (mismatches == 0)


def test_outputs_are_counted_in_inferences():
    program = chipsmith.compile(DIGITS).program
    (port,) = program.manifest.inputs
    images = np.zeros((3 * port.shape[0], *port.shape[1:]), np.int8)
    assert chipsmith.simulate(program, inputs={port.name: images}).inferences == 3
    assert chipsmith.simulate(program).inferences == 0
