"""A network that a user names, and the whole way from it to a Program with every operator's placement."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from chipsmith.frontends.load import is_onnx, load_graph, load_network, load_onnx
from chipsmith.frontends.quantized_io import HostStep as BorderStep
from chipsmith.profile.profile import HostStep
from chipsmith.tosa.graph import Graph

_FILES = (".tosa", ".tflite")


@dataclass(frozen=True, kw_only=True)
class Network:
    """A graph, and what the host does before and after it."""

    graph: Graph
    host_steps: tuple[HostStep, ...] = ()


def load_model(model: str, calibration: str | os.PathLike[str] | None = None) -> Network:
    """The network of a `.tosa`, `.tflite` or `.onnx` file, or of `package.module:function`; raises as load_graph."""
    if Path(model).suffix.lower() in _FILES:
        return Network(graph=load_graph(model, calibration))
    lowered = load_onnx(model, calibration) if is_onnx(model) else load_network(model, calibration)
    return Network(graph=lowered.graph, host_steps=describe_steps(lowered.host_steps, lowered.graph))


def describe_steps(steps: tuple[BorderStep, ...], graph: Graph) -> tuple[HostStep, ...]:
    """The host's steps as the record of a run holds them."""
    return tuple(
        HostStep(name=one.name, when="before" if one.tensor in graph.inputs else "after", reason=one.reason)
        for one in steps
    )
