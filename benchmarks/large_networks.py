"""Large networks on edge-1024: how long they take to compile, whether they are exact, and where their time goes.

    python benchmarks/large_networks.py [--network NAME] [--chip CHIP] [--folder FOLDER] [--json]

ResNet-18 and MobileNetV2 on images of 224 x 224, and twelve encoder layers of BERT-base (hidden 768, 12 heads, 3,072
between, sequence 128), all with random weights. They are lowered once from PyTorch (the front end keeps the result);
of BERT one layer, which stands twelve times in the network, each time with its weights in another order, and whose
output is rounded to the int8 of its input. Their `.tosa` files stay in FOLDER, where one is given. Each network is
compiled from its file, executed on random inputs and compared with tosa_reference_model, in a process of its own. Times
are CPU seconds of this machine.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.console.presentation import print_tables
from chipsmith.frontends.pytorch.network import lower_module
from chipsmith.frontends.quantized_io import IoBinding
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.learn.networks import MobileNetV2, ResNet
from chipsmith.profile.time_breakdown import TimeShare, time_shares
from chipsmith.program.program import Program
from chipsmith.quantisation.lower.rescale import rescale
from chipsmith.quantisation.settings import QuantisationSettings
from chipsmith.reports.terminal import time_table
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.compose import compose
from chipsmith.tosa.file import read_tosa, write_tosa
from chipsmith.tosa.graph import Array, DType, Graph
from chipsmith.witness.reference_model import NAME as WITNESS
from chipsmith.witness.reference_model import witness_outputs

if TYPE_CHECKING:
    import torch
    from torch import nn

Result = TypeVar("Result")

IMAGE = (3, 224, 224)
SEQUENCE = (128, 768)
LAYERS = 12
CALIBRATION_INPUTS = 2
INT8 = QuantisationSettings(target_db=-math.inf)
INFERENCES = 2


def resnet18() -> Graph:
    """ResNet-18 for 1,000 classes."""
    return lowered(ResNet.imagenet18().build(input_shape=IMAGE, outputs=1000), IMAGE, name="resnet18").graph


def mobilenet_v2() -> Graph:
    """MobileNetV2 for 1,000 classes."""
    return lowered(MobileNetV2().build(input_shape=IMAGE, outputs=1000), IMAGE, name="mobilenet_v2").graph


def bert_encoder() -> Graph:
    """Twelve encoder layers of BERT-base, each with other weights."""
    from torch import nn

    hidden = SEQUENCE[1]
    layer = nn.TransformerEncoderLayer(hidden, 12, 4 * hidden, dropout=0.0, batch_first=True, activation="gelu")
    graph = with_output_like_input(lowered(layer, SEQUENCE, name="bert_layer"))
    return compose([with_other_weights(graph, seed) for seed in range(LAYERS)], name="bert_encoder")


NETWORKS: dict[str, Callable[[], Graph]] = {
    "resnet18": resnet18,
    "mobilenet_v2": mobilenet_v2,
    "bert_encoder": bert_encoder,
}


def lowered(module: nn.Module, shape: tuple[int, ...], *, name: str) -> QuantizedNetwork:
    """A module in int8, batch 1, calibrated on normally distributed inputs.

    Random weights amplify rounding as trained ones do not: up to a target, every tensor would get 16 bits.
    """
    import torch

    inputs = np.random.default_rng(0).standard_normal((CALIBRATION_INPUTS, *shape), dtype=np.float32)
    settled(module, torch.from_numpy(inputs))
    return lower_module(module, (torch.zeros(1, *shape),), (inputs,), name=name, settings=INT8)


def settled(module: nn.Module, inputs: torch.Tensor) -> None:
    """Weights of a fixed seed, and means and variances of the batch normalisations that fit them."""
    import torch

    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weights in module.parameters():
            if weights.dim() > 1:
                fan_in = weights[0].numel()
                weights.normal_(0.0, (2 / fan_in) ** 0.5, generator=generator)
        for part in module.modules():
            if isinstance(part, torch.nn.BatchNorm2d):
                part.momentum = 1.0
        module.train()(inputs)
    module.eval()


def with_output_like_input(network: QuantizedNetwork) -> Graph:
    """The graph whose output has the int8, scale and zero point of its input: a small output may stay int32."""
    (taken,), (given,) = network.inputs, network.outputs
    assert isinstance(given, IoBinding)
    assert given.scale is not None
    assert taken.scale is not None
    build = GraphBuilder()
    build.adopt(network.graph)
    output = rescale(
        build,
        given.tensor,
        DType.INT8,
        np.array([given.scale / taken.scale]),
        input_zero_point=given.zero_point,
        output_zero_point=taken.zero_point,
    )
    return build.finish(network.graph.name, (output,))


def with_other_weights(graph: Graph, seed: int) -> Graph:
    """The graph with the weights of each output channel of its convolutions in another order."""
    draw = np.random.default_rng(seed)
    weights = {op.inputs[1] for op in graph.operators if op.kind == "CONV2D"}
    constants = {
        name: draw.permuted(data, axis=-1) if name in weights else data for name, data in graph.constants.items()
    }
    return replace(graph, constants=constants)


@dataclass(frozen=True, kw_only=True)
class Row:
    """What was measured for a network. `mismatches` of all output elements; the memory is the process's peak."""

    network: str
    chip: str
    operators: int
    weight_bytes: int
    compile_cpu_s: float
    compile_memory_mib: float
    instructions: int
    latency_cycles: int
    latency_ms: float
    array_share: float
    external_bytes: int
    cycle_simulation_cpu_s: float
    execute_cpu_s_per_inference: float
    execute_memory_mib: float
    witness: str
    witness_s_per_inference: float
    outputs: int
    mismatches: int
    time_shares: tuple[TimeShare, ...]


def measure(name: str, file: Path, chip_name: str) -> Row:
    """Compile a network from its file, time it, execute it and compare it with the reference model."""
    chip = load_chip(chip_name)
    graph = read_tosa(file)
    program, compile_cpu_s = timed(lambda: compile_graph(graph, chip), time.process_time)
    compile_memory_mib = peak_memory_mib()
    timeline, simulate_cpu_s = timed(lambda: simulate(program), time.process_time)
    inputs = random_inputs(program)
    execute(program, {name: array[:1] for name, array in inputs.items()})  # loads the simulator's own kernels
    outputs, execute_cpu_s = timed(lambda: execute(program, inputs), time.process_time)
    execute_memory_mib = peak_memory_mib()
    expected, witness_s = timed(
        lambda: witness_outputs(graph, {key: array[:, None] for key, array in inputs.items()}), time.perf_counter
    )
    pairs = [(outputs[key], expected[key].reshape(outputs[key].shape)) for key in graph.outputs]
    macs = sum(span.macs for span in program.manifest.kernels)
    return Row(
        network=name,
        chip=chip.name,
        operators=len(graph.operators),
        weight_bytes=program.manifest.weight_bytes,
        compile_cpu_s=compile_cpu_s,
        compile_memory_mib=compile_memory_mib,
        instructions=len(program.instructions),
        latency_cycles=timeline.latency_cycles,
        latency_ms=timeline.latency_cycles / chip.clock_mhz / 1e3,
        array_share=macs / chip.macs / timeline.latency_cycles,
        external_bytes=program.manifest.external_bytes,
        cycle_simulation_cpu_s=simulate_cpu_s,
        execute_cpu_s_per_inference=execute_cpu_s / INFERENCES,
        execute_memory_mib=execute_memory_mib,
        witness=WITNESS,
        witness_s_per_inference=witness_s / INFERENCES,
        outputs=sum(array.size for array, _ in pairs),
        mismatches=sum(int(np.count_nonzero(array != wanted)) for array, wanted in pairs),
        time_shares=time_shares(program, timeline),
    )


def timed(work: Callable[[], Result], clock: Callable[[], float]) -> tuple[Result, float]:
    """What some work returns, and the seconds that it takes."""
    begin = clock()
    return work(), clock() - begin


def peak_memory_mib() -> float:
    """The most memory that this process has had, as Linux counts it from the process's own start."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def random_inputs(program: Program) -> dict[str, Array]:
    """Int8 inputs of a batch of one for each inference."""
    draw = np.random.default_rng(1)
    return {
        port.name: draw.integers(-128, 128, (INFERENCES, *port.shape[1:]), np.int8) for port in program.manifest.inputs
    }


def measured(name: str, chip: str, folder: Path) -> Row:
    """A network measured in a process of its own, which starts from its file."""
    file = folder / f"{name}.tosa"
    if not file.exists():
        write_tosa(NETWORKS[name](), file)
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measure, name, file, chip).result()


def show(rows: list[Row]) -> None:
    """A table of all networks, and for each where its time goes."""
    host = _table("compiled, simulated, executed and compared with the reference model on this host")
    for row in rows:
        host.add_column(row.network, justify="right")
    for title, text in COLUMNS.items():
        host.add_row(title, *(text(row) for row in rows))
    print_tables(host)
    for row in rows:
        print_tables(row.network, time_table(load_chip(row.chip), row.time_shares))


COLUMNS: dict[str, Callable[[Row], str]] = {
    "operators": lambda row: f"{row.operators:,}",
    "weights, MiB": lambda row: f"{row.weight_bytes / (1 << 20):.1f}",
    "compile, CPU-s": lambda row: f"{row.compile_cpu_s:.1f}",
    "memory to compile, MiB": lambda row: f"{row.compile_memory_mib:,.0f}",
    "instructions": lambda row: f"{row.instructions:,}",
    "cycles": lambda row: f"{row.latency_cycles:,}",
    "ms on the chip": lambda row: f"{row.latency_ms:.2f}",
    "array busy": lambda row: f"{row.array_share:.0%}",
    "cycle simulation, CPU-s": lambda row: f"{row.cycle_simulation_cpu_s:.2f}",
    "execution, CPU-s an inference": lambda row: f"{row.execute_cpu_s_per_inference:.2f}",
    "memory to execute, MiB": lambda row: f"{row.execute_memory_mib:,.0f}",
    "reference model, s an inference": lambda row: f"{row.witness_s_per_inference:.1f}",
    "elements that differ from it": lambda row: f"{row.mismatches:,} of {row.outputs:,}",
}


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=NETWORKS, action="append", help="default: all")
    parser.add_argument("--chip", default="edge-1024")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        rows = [measured(name, options.chip, folder) for name in options.network or NETWORKS]
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        show(rows)


if __name__ == "__main__":
    main()
