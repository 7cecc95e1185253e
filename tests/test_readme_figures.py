"""The cycles that the README shows are those of the compiler and the cycle simulator as they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.frontends.tflite.network import load_tflite
from chipsmith.sim.cycle import simulate

README = Path(__file__).parents[1] / "README.md"
ROWS = {
    "image": "ic_resnet8_int8",
    "keyword": "kws_dscnn_int8",
    "person": "vww_96_int8",
    "anomaly": "ad01_int8",
}


@pytest.mark.parametrize("row", ROWS)
def test_the_readme_shows_the_cycles_of_today(row: str, shared_data: Path) -> None:
    (line,) = (one for one in README.read_text().splitlines() if one.startswith(f"| {row} "))
    shown = int(line.split("|")[3].replace(",", ""))
    program = compile_graph(
        load_tflite(shared_data / "mlperf_tiny" / f"{ROWS[row]}.tflite").graph, load_chip("edge-256")
    )
    assert simulate(program).latency_cycles == shown
