"""The inferences that energies are fitted to, and those that the fit is scored on: other chips, and other networks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from chipsmith.chip import Chip, load_chip, override_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.kernels.build import build_kernel
from chipsmith.kernels.catalogue import find_kind
from chipsmith.program.program import Program
from chipsmith.tosa.file import read_tosa
from chipsmith.tosa.graph import Graph
from silicon_parts.chips import draw_chips

_NETWORKS = Path(__file__).resolve().parents[2] / "tests" / "networks"
DRAWN_CHIPS = 16
_FIT_MACS = 64
_FIT_CHIPS = 5


@dataclass(frozen=True, kw_only=True)
class EnergyCase:
    """An inference: its chip and the name of its network."""

    chip: Chip
    network: str
    graph: Callable[[], Graph]

    def compile(self) -> Program:
        """Its Program."""
        return compile_graph(self.graph(), self.chip)


def fit_cases(seed: int) -> Iterator[EnergyCase]:
    """Every kernel and network of the fit on edge-256 and on the smallest of the chips that the areas are fitted to, drawn by `seed`."""
    drawn = [chip for chip in draw_chips(seed, DRAWN_CHIPS) if chip.macs <= _FIT_MACS]
    smallest = sorted(drawn, key=lambda chip: chip.macs)[:_FIT_CHIPS]
    return _pairs([_as_gates("edge-256", "edge-256"), *smallest], _FIT_NETWORKS)


def scored_cases() -> Iterator[EnergyCase]:
    """Every network on every chip of the score: none of them is one of the fit."""
    chips = [_as_gates(name, "nano-64", settings) for name, settings in _SCORED_CHIPS.items()]
    return _pairs(chips, _SCORED_NETWORKS)


def _pairs(chips: Iterable[Chip], networks: Mapping[str, Callable[[], Graph]]) -> Iterator[EnergyCase]:
    for chip in chips:
        for network, graph in networks.items():
            yield EnergyCase(chip=chip, network=network, graph=graph)


def _as_gates(name: str, base: str, settings: Mapping[str, int] | None = None) -> Chip:
    """A chip of the catalogue at the node and supply of the gates, with other sizes."""
    fields = {"technology.node_nm": 130, "technology.voltage_v": 1.2, "clock_mhz": 50, "name": name, **(settings or {})}
    return override_chip(load_chip(base), {key: str(value) for key, value in fields.items()})


def _kernel(kind: str, **settings: str | int) -> Callable[[], Graph]:
    def build() -> Graph:
        return build_kernel(find_kind(kind), settings).network.graph

    return build


def _file(name: str) -> Callable[[], Graph]:
    return lambda: read_tosa(_NETWORKS / f"{name}.tosa")


_SCORED_CHIPS: Mapping[str, Mapping[str, int]] = {
    "nano-64": {},
    "scored-8x4": {
        "tensor.columns": 4,
        "vector.multiplier_lanes": 2,
        "vector.table_lanes": 1,
        "instructions.page_instructions": 4,
    },
    "scored-4x8": {"tensor.rows": 4, "vector.lanes": 4, "tensor.tile_pixels": 16, "memory.groups": 11},
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
    "bag_of_tokens": _file("families/bag_of_tokens"),
    "mlp_classifier": _file("families/mlp_classifier"),
}
_SCORED_NETWORKS: Mapping[str, Callable[[], Graph]] = {
    "dense_autoencoder": _file("families/dense_autoencoder"),
    "cnn": _file("families/cnn"),
    "gru": _file("gru"),
    "transformer_series": _file("families/transformer_series"),
}
