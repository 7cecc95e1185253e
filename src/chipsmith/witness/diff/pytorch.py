"""The layers of a PyTorch network: in float, in int8 by PyTorch's converted network, and on the target npu.

The TOSA that ExecuTorch writes has no names of layers. A layer's tensor on the chip is therefore found by its values:
the int8 tensor of as many elements that agrees best, in whichever order of axes; the network's own outputs are known.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chipsmith.chip import Chip
from chipsmith.frontends.pytorch.eager import eager_module
from chipsmith.frontends.pytorch.load import load_module, load_pytorch
from chipsmith.tosa.graph import Array
from chipsmith.witness.diff.layer import LayerValues, int8_tensors, npu_tensors
from chipsmith.witness.diff.sqnr import MOVES, is_of_original, label_of, node_values, source_of

if TYPE_CHECKING:
    import torch
    from torch.fx import Node

_MOST_DIFFERING = 0.5
"""A tensor that differs from a layer in more of its elements is another one."""
_COMPARED = 4
"""Inputs over which a layer's tensor is looked for."""


def pytorch_layers(
    model: str, calibration: str | os.PathLike[str] | None, chip: Chip, *, most: int
) -> tuple[str, list[LayerValues]]:
    """The network's name and its layers, in its order, over the first inputs of `calibration`, at most `most`.

    Raises as load_pytorch does.
    """
    import torch

    module, columns = load_module(model, calibration)
    lowered = load_pytorch(model, calibration)
    columns = tuple(column[:most] for column in columns)
    rows = [tuple(torch.from_numpy(part[None].copy()) for part in row) for row in zip(*columns, strict=True)]
    original = torch.export.export(module.eval(), rows[0]).module(check_guards=False)
    converted = eager_module(lowered.fake_quantized)
    exact, rough = _stacked(original, rows), _stacked(converted, rows)
    names = int8_tensors(lowered.graph)
    tensors = npu_tensors(lowered, chip, names, columns)
    return lowered.graph.name, list(_layers(converted, original, exact, rough, tensors))


def _stacked(module: Any, rows: Sequence[tuple[torch.Tensor, ...]]) -> dict[str, Array]:
    """The value of each node, (n, ...), over all rows."""
    import torch

    runs = [node_values(module, *row) for row in rows]
    tensors = [name for name, value in runs[0].items() if isinstance(value, torch.Tensor)]
    return {name: np.stack([run[name].detach().numpy() for run in runs]) for name in tensors}


def _layers(
    converted: Any, original: Any, exact: Mapping[str, Array], rough: Mapping[str, Array], tensors: Mapping[str, Array]
) -> Iterator[LayerValues]:
    """Each node of the float network whose result is requantised, but for those that only move what another made."""
    left = dict(tensors)
    originals = {node.name: node for node in original.graph.nodes}
    seen: set[str] = set()
    for node in converted.graph.nodes:
        source: Node | None = source_of(node)
        if source is None or source.name in seen or source.name.startswith(MOVES):
            continue
        if not is_of_original(source, originals):
            continue
        seen.add(source.name)
        witness = rough[node.args[0].name].astype(np.int64)
        yield LayerValues(
            name=label_of(source),
            operator=str(source.target).removeprefix("aten.").split(".")[0],
            scale=float(node.args[1]),
            zero_point=int(node.args[2]),
            real=exact[source.name].astype(np.float64),
            witness=witness,
            npu=_alike(witness, left),
        )


def _alike(witness: npt.NDArray[np.int64], tensors: dict[str, Array]) -> npt.NDArray[np.int64] | None:
    """The tensor that agrees best with a layer, in its layout; it is taken out of `tensors`."""
    best, least, layout = "", _MOST_DIFFERING, tuple(range(witness.ndim))
    for order in _orders(witness.shape):
        expected = np.transpose(witness[:_COMPARED], order).reshape(min(len(witness), _COMPARED), -1)
        for name, values in tensors.items():
            if values[0].size != expected[0].size:
                continue
            differing = float((values[:_COMPARED].reshape(expected.shape) != expected).mean())
            if differing < least:
                best, least, layout = name, differing, order
    if not best:
        return None
    moved = tensors.pop(best).reshape([witness.shape[axis] for axis in layout])
    return np.transpose(moved, np.argsort(layout)).astype(np.int64)


def _orders(shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Orders of the axes behind the first that put the elements in another order each."""
    known: set[tuple[int, ...]] = set()
    for rest in itertools.permutations(range(1, len(shape))):
        effective = tuple(axis for axis in rest if shape[axis] > 1)
        if effective not in known:
            known.add(effective)
            yield (0, *rest)
