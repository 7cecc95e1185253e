"""How far each layer of an int8 network is from its float original, layer by layer in PyTorch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chipsmith.frontends.pytorch.nodes import DEQUANTIZE, innermost_module
from chipsmith.tosa.graph import Array
from chipsmith.witness.noise import sqnr_db

if TYPE_CHECKING:
    import torch
    from torch.fx import Node

    Values = dict[str, torch.Tensor]

MOVES = ("flatten", "dropout", "view", "reshape", "permute")
"""Operators that leave every value as it is: their error is their input's."""


@dataclass(frozen=True, kw_only=True)
class QuantisationError:
    """How far a layer's int8 result is from the float one: signal to quantisation noise in dB.

    `sqnr_db` is None where there is no such ratio: nothing differs, or the layer is zero everywhere.
    `obtained` says on what data and between which two networks it was measured.
    """

    layer: str
    sqnr_db: float | None
    obtained: str


def layer_errors(
    module: torch.nn.Module, converted: torch.nn.Module, images: Array, *, obtained: str
) -> tuple[QuantisationError, ...]:
    """Signal to quantisation noise of each layer's result over `images` (n, ...), in the order of the network.

    `converted` is the PT2E int8 form of `module` for a batch of one; both are run in PyTorch. A layer is what ends
    in a requantisation, named by its module. SQNR = 10 log10(sum f^2 / sum (f - q)^2), q the dequantised int8 value.
    """
    import torch

    example = (torch.from_numpy(images[:1].copy()),)
    original = torch.export.export(module, example).module(check_guards=False)
    names = dict(_layers(converted, original))
    pairs = [_both(original, converted, torch.from_numpy(image[None].copy())) for image in images]
    return tuple(
        QuantisationError(layer=label, sqnr_db=_layer_sqnr_db(pairs, node, result), obtained=obtained)
        for node, (label, result) in names.items()
    )


def _layers(converted: Any, original: Any) -> Iterator[tuple[str, tuple[str, str]]]:
    """The node of each layer, its label, and the node of its dequantised result."""
    originals = {node.name: node for node in original.graph.nodes}
    for node in converted.graph.nodes:
        source = source_of(node)
        if source is None or source.name.startswith(MOVES):
            continue
        if is_of_original(source, originals):
            yield source.name, (label_of(source), node.name)


def is_of_original(source: Node, originals: Mapping[str, Node]) -> bool:
    """Whether a node of the int8 network computes what the float network's node of its name does.

    Those are `originals`, by name; the quantiser takes cells and attention apart, and names the parts anew.
    """
    original = originals.get(source.name)
    if original is None:
        return False
    shapes = [getattr(node.meta.get("val"), "shape", None) for node in (source, original)]
    return label_of(source) == label_of(original) and shapes[0] == shapes[1]


def source_of(node: Node) -> Node | None:
    """What a dequantising node gives back: the operator before it and its quantising node."""
    if str(node.target) != DEQUANTIZE:
        return None
    quantised: Any = node.args[0]
    source: Node | None = quantised.args[0] if quantised.op == "call_function" else None
    return source if source is not None and source.op == "call_function" else None


def label_of(node: Node) -> str:
    """The path of the module that a node belongs to, or its own name."""
    path, _ = innermost_module(node)
    return path.removeprefix("L['self'].") or node.name


def _both(original: Any, converted: Any, image: torch.Tensor) -> tuple[Values, Values]:
    return node_values(original, image), node_values(converted, image)


def node_values(module: Any, image: torch.Tensor) -> Values:
    """The value of each node by its name."""
    import torch

    interpreter = torch.fx.Interpreter(module, garbage_collect_values=False)
    with torch.no_grad():
        interpreter.run(image)
    return {node.name: value for node, value in interpreter.env.items()}


def _layer_sqnr_db(pairs: Sequence[tuple[Values, Values]], node: str, result: str) -> float | None:
    signal = math.fsum(float((exact[node].double() ** 2).sum()) for exact, _ in pairs)
    noise = math.fsum(float(((exact[node] - rough[result]).double() ** 2).sum()) for exact, rough in pairs)
    return sqnr_db(signal, noise)
