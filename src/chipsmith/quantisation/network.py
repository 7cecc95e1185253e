"""The noun FloatNetwork: a network in floating point as every front end gives it, before its integers are chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from chipsmith.quantisation.plan import Quantisation
from chipsmith.shown import Shown
from chipsmith.tosa.graph import Array, Graph


@dataclass(frozen=True, kw_only=True)
class NetworkInput(Shown):
    """An input as its author has it: its name, numpy type and shape; the graph's input of that name has this shape.

    The graph holds it as FP32, as INT32 (integers) or as BOOL. Where the author's own integers (int8, uint8) stand for
    reals, `encoding` says which (of int8: a uint8 q counts as q - 128), and the graph's tensor is FP32 and of the plan.
    """

    name: str
    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]
    encoding: Quantisation | None = None


@dataclass(frozen=True, kw_only=True)
class NetworkOutput(Shown):
    """An output as its author has it: its name and numpy type, and what gives it.

    `tensor` is one of the graph's, in the author's order of axes: a computed one, or an input that passes through.
    It is None where the output is the `constant`. Several outputs may have one tensor. `encoding` as of NetworkInput.
    """

    name: str
    dtype: np.dtype[np.generic]
    tensor: str | None
    constant: Array | None = field(default=None, repr=False, compare=False)
    encoding: Quantisation | None = None


@dataclass(frozen=True, kw_only=True)
class FloatLayer(Shown):
    """The result of one of the author's operators: `name` and `operator` are the author's.

    `tensor` is the graph's, with the author's axes in the order `axes`, as numpy.transpose takes it; `source` is the
    author's name of the same tensor, by which its framework can show it.
    """

    name: str
    operator: str
    tensor: str
    axes: tuple[int, ...]
    source: str


@dataclass(frozen=True, kw_only=True)
class FloatNetwork(Shown):
    """A network as a TOSA graph of FP32 tensors (INT32 for indices, BOOL for masks).

    The graph computes what its author's network computes, to the rounding of float32. `graph.inputs` are the names of
    `inputs`, in the author's order and layout, one call of the network each; an input that nothing reads stays.
    `graph.outputs` are the tensors of `outputs` that are computed, each once. `origins` are the author's names
    of the graph's operators; `layers` are in the author's order.
    """

    graph: Graph
    inputs: tuple[NetworkInput, ...]
    outputs: tuple[NetworkOutput, ...]
    layers: tuple[FloatLayer, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)

    def _brief(self) -> str:
        return f"{len(self.layers)} layers"
