"""Magnitude pruning: small weights set to zero, single ones or two of every four.

The machine does not skip zeros: a network with zeros takes the cycles and the energy of one without. What zeros give
is compressibility: the stored weights pack smaller, for flash or a download.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from chipsmith.errors import BadInput
from chipsmith.tosa.graph import Array, DType, Graph

if TYPE_CHECKING:
    import torch

_FOUR = 4


def mask_smallest(module: torch.nn.Module, share: float) -> None:
    """Hold the `share` (0 to below 1) smallest weights of all dense and convolution layers together at zero.

    By torch.nn.utils.prune: until `make_permanent` the zeros stay through training. Raises BadInput for another share
    or a network without such layers.
    """
    from torch.nn.utils import prune

    if not 0 <= share < 1:
        raise BadInput(f"the share of weights to prune is {share}; it must be from 0 to below 1")
    layers = [(layer, "weight") for layer in weighted_layers(module)]
    prune.global_unstructured(layers, pruning_method=prune.L1Unstructured, amount=share)


def mask_two_of_four(module: torch.nn.Module) -> None:
    """Hold the two smallest of every four weights that are added up at zero: the 2:4 pattern.

    The four lie along the inputs of a dense layer and the input channels of a convolution; a remainder below four keeps
    its weights. As `mask_smallest` otherwise.
    """
    from torch.nn.utils import prune

    for layer in weighted_layers(module):
        prune.custom_from_mask(layer, "weight", two_of_four(layer.weight.detach()))


def two_of_four(weight: torch.Tensor) -> torch.Tensor:
    """The mask of the 2:4 pattern over axis 1 of weights (outputs, inputs, ...): 1 keeps, 0 drops."""
    import torch

    mask = torch.ones_like(weight)
    whole = weight.shape[1] // _FOUR * _FOUR
    if whole == 0:
        return mask
    fours = weight[:, :whole].abs().movedim(1, -1).unflatten(-1, (-1, _FOUR))
    kept = torch.zeros_like(fours).scatter_(-1, fours.topk(2, dim=-1).indices, 1.0)
    mask[:, :whole] = kept.flatten(-2).movedim(-1, 1)
    return mask


def make_permanent(module: torch.nn.Module) -> None:
    """Turn the masks into plain zeros in plain weights."""
    from torch.nn.utils import prune

    for layer in weighted_layers(module):
        if prune.is_pruned(layer):
            prune.remove(layer, "weight")


def zero_share(graph: Graph) -> float:
    """Share of zeros, from 0 to 1, among the int8 weights of a graph: its constants of two axes or more."""
    weights = [array for array in _int8_constants(graph) if array.ndim > 1 and array.size > 1]
    return float(sum(int((weight == 0).sum()) for weight in weights) / max(1, sum(weight.size for weight in weights)))


def packed_weight_bytes(graph: Graph) -> int:
    """Bytes of all int8 constants of a graph when packed by zlib (DEFLATE, level 9) one after another."""
    return len(zlib.compress(b"".join(array.tobytes() for array in _int8_constants(graph)), 9))


def _int8_constants(graph: Graph) -> list[Array]:
    return [array for name, array in graph.constants.items() if graph.tensor(name).dtype is DType.INT8]


def weighted_layers(module: torch.nn.Module) -> Iterator[torch.nn.Module]:
    """The dense and convolution layers; BadInput where a network has none, such as one of recurrent layers alone."""
    from torch import nn

    layers = [layer for layer in module.modules() if isinstance(layer, (nn.Linear, nn.modules.conv._ConvNd))]
    if not layers:
        raise BadInput(f"{type(module).__name__} has no dense and no convolution layer to prune by magnitude")
    yield from layers
