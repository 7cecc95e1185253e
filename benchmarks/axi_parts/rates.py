"""Cycles on an interconnect of long latency that takes few bursts at once, beside the contract's."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bus_scenarios.host import MOST_CYCLES, Host, Job, ideal_bus, open_machine, random_job, wrong_with

import chipsmith
from chipsmith.chip import load_chip, override_chip
from chipsmith.sim.cycle import simulate

CHIPS = ("nano-64", "edge-256")
LATENCIES = (64, 200)
OPEN_BURSTS = 8
SWEEP = (1, 2, 4, 8, 16, 32)
SHIPPED = Path(__file__).parents[2] / "tests" / "networks"
DATA = Path(os.environ.get("CHIPSMITH_DATA", Path(__file__).parents[3] / "shared" / "data")) / "mlperf_tiny"
FILES = {
    "ResNet8": DATA / "ic_resnet8_int8.tflite",
    "DS-CNN keywords": DATA / "kws_dscnn_int8.tflite",
    "MobileNet person": DATA / "vww_96_int8.tflite",
    "autoencoder": DATA / "ad01_int8.tflite",
    "digits": SHIPPED / "digits_cnn.tosa",
    "GRU": SHIPPED / "gru.tosa",
    "LSTM": SHIPPED / "lstm.tosa",
    "transformer encoder layer": SHIPPED / "encoder_layer.tosa",
}


def measure() -> dict[str, Any]:
    """`rates`: each network on each chip and latency with OPEN_BURSTS; `sweep`: the GRU with others."""
    rows = [row for chip in CHIPS for latency in LATENCIES for row in _rates(chip, latency)]
    return {"rates": rows, "sweep": list(_sweep())}


def _rates(chip: str, latency: int) -> Iterator[Mapping[str, Any]]:
    for name, path in FILES.items():
        if path.is_file():
            print(f"{name} on {chip}, latency {latency}", file=sys.stderr)
            yield _row(name, _job(path, chip, latency), chip, latency, OPEN_BURSTS)
        else:
            print(f"{name} is left out: there is no {path.name} in $CHIPSMITH_DATA/mlperf_tiny", file=sys.stderr)


def _sweep() -> Iterator[Mapping[str, Any]]:
    for latency in LATENCIES:
        job = _job(FILES["GRU"], "nano-64", latency)
        for open_bursts in SWEEP:
            yield _row("GRU", job, "nano-64", latency, open_bursts)


def _job(path: Path, chip: str, latency: int) -> Job:
    """A network, compiled for a chip whose external memory has this latency; random inputs."""
    contract = override_chip(load_chip(chip), {"external.latency_cycles": str(latency)})
    return random_job(chipsmith.compile(str(path), chip=contract).program, 1)


def _row(name: str, job: Job, chip: str, latency: int, open_bursts: int) -> Mapping[str, Any]:
    contract = simulate(job.program).latency_cycles
    with open_machine(load_chip(chip)) as machine:
        machine.behave(ideal_bus(latency, open_bursts=open_bursts))
        host = Host(machine, job)
        ending = host.infer(most_cycles=100 * MOST_CYCLES)
        wrong, state = wrong_with(host, ending), machine.state()
    return {
        "network": name,
        "chip": chip,
        "latency": latency,
        "open_bursts": open_bursts,
        "contract_cycles": contract,
        "cycles": ending.cycles,
        "more_percent": 100 * (ending.cycles / contract - 1),
        "words_a_burst": state.read_words / state.read_bursts,
        "wrong": wrong,
    }
