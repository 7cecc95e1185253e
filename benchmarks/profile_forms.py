"""What a profile costs beside compiling and simulating: its quick form, for search, and its full one, for pages.

    python benchmarks/profile_forms.py [--chip CHIP] [--folder FOLDER] [--data FOLDER] [--json]

ResNet-18 on images of 224 x 224, as `benchmarks/large_networks.py` lowers it (its `.tosa` file stays in FOLDER, where
one is given), and the int8 networks of MLPerf Tiny, where their folder is there (`--data` or $CHIPSMITH_DATA). Each is
compiled and simulated, cold and warm; then both forms of its profile are taken of the same two timelines. Times are
CPU seconds of this machine, the least of REPEATS but for compiling.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from rich.box import SIMPLE_HEAD
from rich.table import Table

from chipsmith.chip import Chip, load_chip
from chipsmith.compiler.network import compile_network
from chipsmith.console.presentation import print_tables
from chipsmith.frontends.registry import load_model
from chipsmith.profile.measure import full_profile, quick_profile
from chipsmith.sim.cycle import simulate
from chipsmith.tosa.file import write_tosa
from chipsmith.tosa.graph import Graph

Result = TypeVar("Result")

REPEATS = 3
MOST_QUICK_CPU_S = 0.1
"""What the quick form may cost for ResNet-18."""
MLPERF_TINY = ("ad01_int8", "ic_resnet8_int8", "kws_dscnn_int8", "vww_96_int8")


@dataclass(frozen=True, kw_only=True)
class Row:
    """CPU seconds of a network on a chip, step by step."""

    network: str
    chip: str
    instructions: int
    compile_cpu_s: float
    simulate_cpu_s: float
    quick_cpu_s: float
    full_cpu_s: float


def measure(name: str, graph: Graph, chip: Chip) -> Row:
    program, compile_cpu_s = timed(lambda: compile_network(graph, chip), repeats=1)
    (cold, warm), simulate_cpu_s = timed(lambda: (simulate(program), simulate(program, warm=True)))
    _, quick_cpu_s = timed(lambda: quick_profile(program, cold=cold, warm=warm))
    _, full_cpu_s = timed(lambda: full_profile(program, cold=cold, warm=warm))
    return Row(
        network=name,
        chip=chip.name,
        instructions=len(program.instructions),
        compile_cpu_s=compile_cpu_s,
        simulate_cpu_s=simulate_cpu_s,
        quick_cpu_s=quick_cpu_s,
        full_cpu_s=full_cpu_s,
    )


def timed(work: Callable[[], Result], *, repeats: int = REPEATS) -> tuple[Result, float]:
    """What some work returns, and the CPU seconds that it takes at least."""
    seconds = []
    for _ in range(repeats):
        begin = time.process_time()
        result = work()
        seconds.append(time.process_time() - begin)
    return result, min(seconds)


def resnet18(folder: Path) -> Graph:
    """ResNet-18 from its file in a folder, lowered from PyTorch where there is none."""
    file = folder / "resnet18.tosa"
    if not file.exists():
        from large_networks import resnet18 as lower_resnet18

        write_tosa(lower_resnet18(), file)
    return load_model(str(file)).graph


def mlperf_tiny(data: Path) -> dict[str, Graph]:
    """The int8 networks by name; none where the folder is not there."""
    files = {name: data / "mlperf_tiny" / f"{name}.tflite" for name in MLPERF_TINY}
    return {name: load_model(str(file)).graph for name, file in files.items() if file.is_file()}


def show(rows: list[Row]) -> None:
    table = Table(title=f"CPU-s on {rows[0].chip}", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for title in ("instructions", "compile", "simulate", "quick profile", "full profile"):
        table.add_column(title, justify="right")
    for row in rows:
        seconds = (row.compile_cpu_s, row.simulate_cpu_s, row.quick_cpu_s, row.full_cpu_s)
        table.add_row(row.network, f"{row.instructions:,}", *(f"{value:.3f}" for value in seconds))
    print_tables(table)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chip", default="edge-1024")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("CHIPSMITH_DATA", "../shared/data")))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    chip = load_chip(options.chip)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        graphs = {"resnet18": resnet18(folder), **mlperf_tiny(options.data)}
    rows = [measure(name, graph, chip) for name, graph in graphs.items()]
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        show(rows)
    return int(rows[0].quick_cpu_s > MOST_QUICK_CPU_S)


if __name__ == "__main__":
    raise SystemExit(main())
