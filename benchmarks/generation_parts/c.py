"""Portable C: exact on every network here and on emulated boards, its time beside runtimes', its arena.

`c_exact`: a row a network and a place (gcc, clang, a board), on random inputs, against the reference interpreter; on a
board, where the families of `tests/networks` are left out for their number, with the instructions of an inference.
`c_ratio`: ResNet8 of MLPerf Tiny, one thread: the C code beside onnxruntime's int8 forms that run here and LiteRT's
built-in kernels, all in turns in one process, each the median of all turns. `c_arena`: bytes of the arena against the
largest sum of tensors that live at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from chipsmith.chip import load_chip
from chipsmith.codegen.boards import BOARDS
from chipsmith.codegen.generate import generate_c
from chipsmith.codegen.host import build_library, find_compilers
from chipsmith.frontends.quantized_network import QuantizedNetwork, first_batches
from chipsmith.frontends.registry import load_model
from chipsmith.runtimes.runtime import Runtime
from chipsmith.targets import CountedNetwork, HostedGraph, PreparedNetwork, TargetOptions, TimedNetwork, load_target
from chipsmith.tosa.graph import Array
from chipsmith.witness.check.inputs import choose_inputs

CHIP = load_chip("edge-256")
NETWORKS = Path(__file__).parents[2] / "tests" / "networks"
RATIO_NETWORK = "ic_resnet8_int8"
INPUTS = 4
Arrays = tuple[Array, ...]
TURNS, INFERENCES_A_TURN = 12, 40
RUNTIMES = (Runtime.ONNXRUNTIME, Runtime.ONNXRUNTIME_SIGNED, Runtime.LITERT_BUILTIN)


def measure() -> dict[str, object]:
    files = list_files()
    networks = {file.stem: load_model(str(file)) for file in files}
    families = {file.stem for file in files if file.parent.name == "families"}
    exact = [
        row for name, network in networks.items() for row in compare(name, network, on_boards=name not in families)
    ]
    ratio = [compare_times(networks[RATIO_NETWORK])] if RATIO_NETWORK in networks else []
    return {"c_exact": exact, "c_ratio": ratio, "c_arena": [measure_arena(*each) for each in networks.items()]}


def list_files() -> list[Path]:
    """The networks of the tests, and those of MLPerf Tiny where $CHIPSMITH_DATA has them."""
    tiny = Path(os.environ.get("CHIPSMITH_DATA", "data")) / "mlperf_tiny"
    return [*sorted(NETWORKS.rglob("*.tosa")), *sorted(tiny.glob("*_int8.tflite"))]


def compare(name: str, network: QuantizedNetwork, *, on_boards: bool) -> Iterator[dict[str, object]]:
    inputs = first_inputs(network, INPUTS)
    expected = load_target("reference", CHIP).prepare(network).run(*inputs)
    yield from compare_compilers(name, network, inputs, expected)
    if on_boards:
        yield from compare_boards(name, network, inputs, expected)


def compare_compilers(
    name: str, network: QuantizedNetwork, inputs: Arrays, expected: Arrays
) -> Iterator[dict[str, object]]:
    module = generate_c(network.graph, name="network")
    for compiler, path in find_compilers().items():
        outputs = HostedGraph(host=network, graph=build_library(module, path)).run(*inputs)
        yield {"network": name, "place": compiler, "exact": same(outputs, expected), "instructions": None}


def compare_boards(
    name: str, network: QuantizedNetwork, inputs: Arrays, expected: Arrays
) -> Iterator[dict[str, object]]:
    for board in (board for board in BOARDS.values() if not board.missing_tools):
        prepared = load_target("c", CHIP, TargetOptions(board=board.name)).prepare(network)
        assert isinstance(prepared, CountedNetwork)
        outputs, counted = prepared.run_counted(*inputs)
        most = counted.most_instructions
        yield {"network": name, "place": board.name, "exact": same(outputs, expected), "instructions": most}


def first_inputs(network: QuantizedNetwork, count: int) -> Arrays:
    return first_batches(choose_inputs(network).arrays, network.author_inputs, count)


def same(outputs: Arrays, expected: Arrays) -> bool:
    return all(np.array_equal(output, reference) for output, reference in zip(outputs, expected, strict=True))


def compare_times(network: QuantizedNetwork) -> Mapping[str, Any]:
    inputs = first_inputs(network, 1)
    contenders = {"c": open_c(network)}
    for runtime in RUNTIMES:
        target = load_target("cpu", CHIP, TargetOptions(runtime=runtime.value, threads=1))
        if not target.refuses(network):
            contenders[runtime.value] = timed(target.prepare(network))
    samples: dict[str, list[Array]] = {name: [] for name in contenders}
    for _ in range(TURNS):
        for name, prepared in contenders.items():
            samples[name].append(prepared.time(*inputs, inferences=INFERENCES_A_TURN).samples_us)
    medians = {name: float(np.median(np.concatenate(turns))) for name, turns in samples.items()}
    forms = [medians[runtime.value] for runtime in RUNTIMES[:2] if runtime.value in medians]
    return {
        "network": RATIO_NETWORK,
        **{f"{name.replace('-', '_')}_us": median for name, median in medians.items()},
        "against_onnxruntime": medians["c"] / min(forms),
        "against_litert_builtin": medians["c"] / medians[Runtime.LITERT_BUILTIN.value],
    }


def open_c(network: QuantizedNetwork) -> TimedNetwork:
    return timed(load_target("c", CHIP).prepare(network))


def timed(prepared: PreparedNetwork) -> TimedNetwork:
    assert isinstance(prepared, TimedNetwork)
    return prepared


def measure_arena(name: str, network: QuantizedNetwork) -> dict[str, object]:
    module = generate_c(network.graph, name="network")
    ratio = module.arena_bytes / module.live_bytes if module.live_bytes else 1.0
    return {"network": name, "arena_bytes": module.arena_bytes, "live_bytes": module.live_bytes, "ratio": ratio}
