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
from silicon_parts.chips import AT_THE_GATES

_NETWORKS = Path(__file__).resolve().parents[2] / "tests" / "networks"
_MOST_MACS = 64
"""Larger chips than this are mapped and run too slowly for sixty inferences."""
_SCORED_DRAWN = 2


@dataclass(frozen=True, kw_only=True)
class EnergyCase:
    """An inference: its chip and the name of its network."""

    chip: Chip
    network: str
    graph: Callable[[], Graph]

    def compile(self) -> Program:
        """Its Program."""
        return compile_graph(self.graph(), self.chip)


def fit_cases(chips: Iterable[Chip]) -> Iterator[EnergyCase]:
    """Each network of the fit on edge-256 and on the small ones of the chips that areas are fitted to."""
    return _pairs([_as_gates("edge-256"), *_smallest(chips)], _FIT_NETWORKS)


def scored_cases(chips: Iterable[Chip]) -> Iterator[EnergyCase]:
    """Each network of the score on nano-64 and on the smallest of chips that are drawn: none is one of the fit."""
    return _pairs([_as_gates("nano-64"), *_smallest(chips)[:_SCORED_DRAWN]], _SCORED_NETWORKS)


def _smallest(chips: Iterable[Chip]) -> list[Chip]:
    return sorted((chip for chip in chips if chip.macs <= _MOST_MACS), key=lambda chip: chip.macs)


def gating_case() -> EnergyCase:
    """The inference that is run with clock gates and without."""
    return EnergyCase(chip=_as_gates("nano-64"), network="digits_cnn", graph=_file("digits_cnn"))


def _pairs(chips: Iterable[Chip], networks: Mapping[str, Callable[[], Graph]]) -> Iterator[EnergyCase]:
    for chip in chips:
        for network, graph in networks.items():
            yield EnergyCase(chip=chip, network=network, graph=graph)


def _as_gates(name: str) -> Chip:
    """A chip of the catalogue at the node and supply of the gates."""
    return override_chip(load_chip(name), {**AT_THE_GATES, "name": name})


def _kernel(kind: str, **settings: str | int) -> Callable[[], Graph]:
    def build() -> Graph:
        return build_kernel(find_kind(kind), settings).network.graph

    return build


def _file(name: str) -> Callable[[], Graph]:
    return lambda: read_tosa(_NETWORKS / f"{name}.tosa")


_FIT_NETWORKS: Mapping[str, Callable[[], Graph]] = {
    "conv2d": _kernel("conv2d", input="1x5x5x8", filters=12),
    "depthwise": _kernel("depthwise", input="1x6x6x8"),
    "dense": _kernel("dense", input="1x64", columns=24),
    "attention": _kernel("attention", input="1x8x16", heads=2, keys=8),
    "layernorm": _kernel("layernorm", input="8x32"),
    "lstm-cell": _kernel("lstm-cell", input="1x8", hidden=8),
    "gelu": _kernel("gelu", input="4x16"),
    "max-pool": _kernel("max-pool", input="1x6x6x8"),
    "bag_of_tokens": _file("families/bag_of_tokens"),
    "encoder_layer": _file("encoder_layer"),
    "mlp_classifier": _file("families/mlp_classifier"),
}
_SCORED_NETWORKS: Mapping[str, Callable[[], Graph]] = {
    "dense_autoencoder": _file("families/dense_autoencoder"),
    "cnn": _file("families/cnn"),
    "gru": _file("gru"),
    "transformer_series": _file("families/transformer_series"),
}
