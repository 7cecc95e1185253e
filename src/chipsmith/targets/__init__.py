"""Targets: what a network runs on, by one protocol. A file here that defines `open_target` is a target of that name."""

from chipsmith.targets.registry import graph_targets, list_choices, load_target, target_names
from chipsmith.targets.target import (
    INT8,
    NPU,
    SOURCE,
    CountedNetwork,
    GraphTarget,
    Host,
    HostedGraph,
    Missing,
    Precision,
    PreparedGraph,
    PreparedNetwork,
    QuantumMode,
    Target,
    TargetOptions,
    TimedNetwork,
    read_precision,
)

__all__ = [
    "INT8",
    "NPU",
    "SOURCE",
    "CountedNetwork",
    "GraphTarget",
    "Host",
    "HostedGraph",
    "Missing",
    "Precision",
    "PreparedGraph",
    "PreparedNetwork",
    "QuantumMode",
    "Target",
    "TargetOptions",
    "TimedNetwork",
    "graph_targets",
    "list_choices",
    "load_target",
    "read_precision",
    "target_names",
]
