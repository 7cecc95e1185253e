"""The inferences that energies are fitted to, and those that the fit is scored on: other chips, and other networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chipsmith.chip import Chip, load_chip, override_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.kernels.build import build_kernel
from chipsmith.kernels.catalogue import find_kind
from chipsmith.program.program import Program
from chipsmith.tosa.file import read_tosa
from chipsmith.tosa.graph import Graph

_NETWORKS = Path(__file__).resolve().parents[2] / "tests" / "networks"
_FIELDS = {
    "rows": "tensor.rows",
    "columns": "tensor.columns",
    "tile": "tensor.tile_pixels",
    "lanes": "vector.lanes",
    "multipliers": "vector.multiplier_lanes",
    "tables": "vector.table_lanes",
    "groups": "memory.groups",
    "group_bytes": "memory.group_bytes",
    "page": "instructions.page_instructions",
    "latency": "external.latency_cycles",
    "word": "external.bytes_per_cycle",
}


@dataclass(frozen=True, kw_only=True)
class EnergyCase:
    """An inference: its chip and the name of its network."""

    chip: Chip
    network: str
    graph: Callable[[], Graph]

    def compile(self) -> Program:
        """Its Program."""
        return compile_graph(self.graph(), self.chip)


def fit_cases() -> Iterator[EnergyCase]:
    """Every kernel on every chip of the fit."""
    return _pairs(_FIT_CHIPS, _FIT_NETWORKS)


def scored_cases() -> Iterator[EnergyCase]:
    """Every network on every chip of the score: none of them is one of the fit."""
    return _pairs(_SCORED_CHIPS, _SCORED_NETWORKS)


def _pairs(chips: Mapping[str, Mapping[str, int]], networks: Mapping[str, Callable[[], Graph]]) -> Iterator[EnergyCase]:
    for name, fields in chips.items():
        chip = _small_chip(name, fields)
        for network, graph in networks.items():
            yield EnergyCase(chip=chip, network=network, graph=graph)


def _small_chip(name: str, fields: Mapping[str, int]) -> Chip:
    """nano-64 at 130 nm with other sizes."""
    settings: dict[str, Any] = {"technology.node_nm": 130, "technology.voltage_v": 1.2, "clock_mhz": 50, "name": name}
    settings |= {_FIELDS[field]: value for field, value in fields.items()}
    return override_chip(load_chip("nano-64"), {key: str(value) for key, value in settings.items()})


def _kernel(kind: str, **settings: str | int) -> Callable[[], Graph]:
    def build() -> Graph:
        return build_kernel(find_kind(kind), settings).network.graph

    return build


def _file(name: str) -> Callable[[], Graph]:
    return lambda: read_tosa(_NETWORKS / f"{name}.tosa")


_FIT_CHIPS: Mapping[str, Mapping[str, int]] = {
    "fit-4x4": {
        "rows": 4, "columns": 4, "tile": 16, "lanes": 4, "multipliers": 2, "tables": 1, "groups": 5,
        "group_bytes": 4096, "page": 4, "latency": 20, "word": 2,
    },
    "fit-8x4": {"columns": 4, "tile": 32, "lanes": 4, "multipliers": 4, "tables": 2, "group_bytes": 4096},
    "fit-4x8": {"rows": 4, "tile": 16, "lanes": 8, "multipliers": 1, "tables": 1, "groups": 6, "page": 4},
    "fit-8x8": {"tile": 32, "lanes": 2, "multipliers": 2, "tables": 1, "groups": 4, "group_bytes": 16384, "word": 8},
}  # fmt: skip
_SCORED_CHIPS: Mapping[str, Mapping[str, int]] = {
    "nano-64": {},
    "scored-8x4": {"columns": 4, "tile": 16, "lanes": 8, "multipliers": 2, "tables": 2, "groups": 5},
    "scored-4x8": {"rows": 4, "tile": 32, "lanes": 4, "multipliers": 4, "tables": 1, "groups": 7, "page": 8},
}
_FIT_NETWORKS: Mapping[str, Callable[[], Graph]] = {
    "conv2d": _kernel("conv2d", input="1x5x5x8", filters=12),
    "depthwise": _kernel("depthwise", input="1x6x6x8"),
    "dense": _kernel("dense", input="1x64", columns=24),
    "attention": _kernel("attention", input="1x4x8", heads=1, keys=4),
    "layernorm": _kernel("layernorm", input="2x16"),
    "lstm-cell": _kernel("lstm-cell", input="1x8", hidden=8),
    "gelu": _kernel("gelu", input="4x16"),
    "max-pool": _kernel("max-pool", input="1x6x6x8"),
}
_SCORED_NETWORKS: Mapping[str, Callable[[], Graph]] = {
    "dense_autoencoder": _file("families/dense_autoencoder"),
    "cnn": _file("families/cnn"),
    "gru": _file("gru"),
    "transformer_series": _file("families/transformer_series"),
}
