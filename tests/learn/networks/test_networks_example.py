"""examples/networks.py takes a network of the catalogue to a chip, as its head says."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from chipsmith.learn.networks.catalogue import CATALOGUE

EXAMPLE = Path(__file__).parents[3] / "examples" / "networks.py"


def test_the_example_lists_the_catalogue(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", [str(EXAMPLE)])
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    assert capsys.readouterr().out.split() == list(CATALOGUE)


def test_the_example_runs_a_network(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLE))["show"]("mlp_classifier")
    shown = capsys.readouterr().out
    assert "cycles, exact to the bit" in shown
    assert "host: quantize" in shown
    assert "tensor:" in shown
