"""The four int8 networks of MLPerf Tiny on edge-256: cycles beside Vela's, and how long Chipsmith itself takes.

    python benchmarks/mlperf_tiny.py [--data FOLDER] [--json]

FOLDER holds `mlperf_tiny/*.tflite`; default $CHIPSMITH_DATA, or ../shared/data beside the repository. Host times are of
this machine: CPU seconds for compiling, wall time for the rest.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from chipsmith.chip import load_chip
from chipsmith.compiler.network import compile_network
from chipsmith.console.presentation import print_tables
from chipsmith.frontends.load import load_graph
from chipsmith.program.program import Program
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute

IMAGES = 128
REPEATS = 3


@dataclass(frozen=True, kw_only=True)
class Known:
    """A network, what Vela 5.2.0 estimates for an Ethos-U55-256 with weights on the chip, and the sketch's figure."""

    file: str
    vela_cycles: int
    sketch_cycles: int


NETWORKS = {
    "image": Known(file="ic_resnet8_int8.tflite", vela_cycles=107_151, sketch_cycles=60_500),
    "keyword": Known(file="kws_dscnn_int8.tflite", vela_cycles=56_222, sketch_cycles=26_200),
    "person": Known(file="vww_96_int8.tflite", vela_cycles=146_940, sketch_cycles=77_400),
    "anomaly": Known(file="ad01_int8.tflite", vela_cycles=40_929, sketch_cycles=35_400),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """What was measured for a network; Vela's figure and the sketch's stand beside it."""

    network: str
    cold_cycles: int
    warm_cycles: int
    vela_cycles: int
    sketch_cycles: int
    compile_cpu_s: float
    cycle_simulation_ms: float
    images_per_second: float


def measure(name: str, known: Known, data: Path) -> Row:
    """Compile a network for edge-256, time it, and run IMAGES random inputs through the functional simulator."""
    graph, chip = load_graph(str(data / "mlperf_tiny" / known.file)), load_chip("edge-256")
    program = compile_network(graph, chip)
    cold = simulate(program)
    return Row(
        network=name,
        cold_cycles=cold.latency_cycles,
        warm_cycles=simulate(program, warm=True).latency_cycles,
        vela_cycles=known.vela_cycles,
        sketch_cycles=known.sketch_cycles,
        compile_cpu_s=best(lambda: compile_network(graph, chip), time.process_time),
        cycle_simulation_ms=1e3 * best(lambda: simulate(program), time.perf_counter),
        images_per_second=IMAGES / best(lambda: execute(program, random_inputs(program)), time.perf_counter),
    )


def random_inputs(program: Program) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(0)
    return {
        port.name: draw.integers(-128, 128, (IMAGES * port.shape[0], *port.shape[1:])).astype(np.int8)
        for port in program.manifest.inputs
    }


def best(work: Callable[[], object], clock: Callable[[], float]) -> float:
    """Least seconds of a few repeats; the first is not counted, for it may compile kernels of the simulator."""
    work()
    return min(seconds(work, clock) for _ in range(REPEATS))


def seconds(work: Callable[[], object], clock: Callable[[], float]) -> float:
    begin = clock()
    work()
    return clock() - begin


def import_seconds() -> float:
    """CPU seconds of `import chipsmith` in a fresh process, without the interpreter's own start."""
    script = "import time; t = time.process_time(); import chipsmith; print(time.process_time() - t)"
    runs = [
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True) for _ in range(3)
    ]
    return min(float(run.stdout) for run in runs)


def show(rows: list[Row]) -> None:
    """Two tables: simulated cycles, and times of this host."""
    cycles = _table(
        "cycles of an inference on edge-256", "network", "cold", "warm", "Vela U55-256", "of Vela", "sketch"
    )
    host = _table("Chipsmith on this host", "network", "compile CPU-s", "cycle simulation ms", "images/s executed")
    for row in rows:
        share = f"{row.cold_cycles / row.vela_cycles:.0%}"
        counts = (f"{one:,}" for one in (row.cold_cycles, row.warm_cycles, row.vela_cycles))
        cycles.add_row(row.network, *counts, share, f"{row.sketch_cycles:,}")
        speeds = (f"{row.compile_cpu_s:.2f}", f"{row.cycle_simulation_ms:.1f}", f"{row.images_per_second:,.0f}")
        host.add_row(row.network, *speeds)
    print_tables(cycles, host)


def _table(title: str, first: str, *numbers: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(first)
    for name in numbers:
        table.add_column(name, justify="right")
    return table


def main() -> None:
    default = os.environ.get("CHIPSMITH_DATA", Path(__file__).parents[2] / "shared" / "data")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not (options.data / "mlperf_tiny").is_dir():
        parser.error(f"{options.data} holds no folder mlperf_tiny; name another with --data")
    rows = [measure(name, known, options.data) for name, known in NETWORKS.items()]
    imported = import_seconds()
    if options.json:
        print(json.dumps({"import_cpu_s": imported, "networks": [asdict(row) for row in rows]}, indent=2))
    else:
        show(rows)
        print(f"import chipsmith: {imported:.3f} CPU-s")


if __name__ == "__main__":
    main()
