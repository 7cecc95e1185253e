"""What a score costs: processor time of the oracle for the networks of MLPerf Tiny on random legal chips."""

from __future__ import annotations

import gc
import time
from pathlib import Path
from typing import Any

import numpy as np

from chipsmith.chip import Chip
from chipsmith.frontends.registry import load_model
from chipsmith.studies.oracle import Misfit, Oracle
from search_parts.legal_chips import draw_legal_chips

NETWORKS = {
    "image": "ic_resnet8_int8.tflite",
    "keyword": "kws_dscnn_int8.tflite",
    "person": "vww_96_int8.tflite",
    "anomaly": "ad01_int8.tflite",
}
SEED = 7


def measure(*, data: Path, chips: int, seed: int) -> dict[str, Any]:
    """The figures `cpu_s_per_pair`: a row a network, and the mean of all pairs; each network has chips of its own."""
    rows = [
        _measure_network(name, data / "mlperf_tiny" / file, draw_legal_chips(seed + number, chips + 1))
        for number, (name, file) in enumerate(NETWORKS.items())
    ]
    pairs = sum(row["pairs"] for row in rows)
    mean = sum(row["mean"] * row["pairs"] for row in rows) / pairs
    return {"cpu_s_per_pair": {"mean": mean, "pairs": pairs, "seed": seed, "networks": rows}}


def _measure_network(name: str, file: Path, chips: list[Chip]) -> dict[str, Any]:
    """CPU-seconds of a pair: the chip from its fields, the compiler, the cold inference, energy, area and cost.

    The first chip is scored before the clock runs: it compiles loops and reads tables.
    """
    oracle = Oracle(load_model(str(file)).graph)
    oracle.score(chips[0])
    gc.collect()
    seconds, misfits = [], 0
    for fields in [chip.model_dump(mode="json") for chip in chips[1:]]:
        begin = time.process_time()
        score = oracle.score(Chip.model_validate(fields))
        seconds.append(time.process_time() - begin)
        misfits += isinstance(score, Misfit)
    return {
        "network": name,
        "pairs": len(seconds),
        "fit": 1 - misfits / len(seconds),
        "mean": float(np.mean(seconds)),
        "median": float(np.median(seconds)),
        "p95": float(np.percentile(seconds, 95)),
    }
