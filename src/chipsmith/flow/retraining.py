"""From a network with other channels to the fields of a run's recipe that train it: found by building it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chipsmith.errors import BadInput
from chipsmith.flow.run_files import TRAINED
from chipsmith.learn.networks.base import Network
from chipsmith.learn.recipe import change_fields
from chipsmith.learn.trained import Training
from chipsmith.learn.trained_file import read_training
from chipsmith.program.layer_names import shorten_layer
from chipsmith.studies.advice.record import AdviceRecord, Remedy
from chipsmith.tosa.graph import Graph
from chipsmith.tosa.passes.canonicalize import canonicalize
from chipsmith.tosa.passes.channels import CHANNEL_LAYERS, set_channels

if TYPE_CHECKING:
    import torch

Channels = Mapping[str, tuple[int, int]]
"""Output and input channels of layers, by their author's names."""


def read_run_training(folder: Path) -> Training | None:
    """How the network of a run's folder was trained; None where that cannot be read any more."""
    try:
        return read_training(folder / TRAINED)
    except BadInput:
        return None


def with_training(
    advice: AdviceRecord, graph: Graph, operator_names: Mapping[str, str], training: Training | None
) -> AdviceRecord:
    """The advice with the fields of the recipe that train each changed network, where one of them does.

    Fields of the recipe's network that hold the old number are given the new one: one whose network has the layers of
    the changed graph, each with the same output and input channels, is what trains it. A network of a function of the
    author's own has no such fields, and is not built here.
    """
    if training is None:
        return advice
    search = _FieldSearch(graph=graph, names=operator_names, training=training)
    return replace(
        advice,
        networks=tuple(map(search.complete, advice.networks)),
        room=tuple(map(search.complete, advice.room)),
    )


class _FieldSearch:
    """Fields of one recipe for networks with other channels."""

    def __init__(self, *, graph: Graph, names: Mapping[str, str], training: Training) -> None:
        self._graph = graph
        self._names = names
        self._training = training
        network = training.recipe.network
        known = network.kind != "function" and network.has_known_layers()
        self._fits = known and self._matches(network, graph)

    def complete(self, remedy: Remedy) -> Remedy:
        """The remedy with the field that trains its network, if there is one."""
        if not self._fits or len(remedy.channels) != 1:
            return remedy
        (change,) = remedy.channels
        changed = set_channels(self._graph, change.layer, change.after)
        fields = self._training.recipe.network.model_dump(mode="json")
        for setting in _settings(fields, change.before, change.after):
            if self._trains(setting, changed):
                return replace(remedy, retrain=(setting,))
        return remedy

    def _trains(self, setting: str, changed: Graph) -> bool:
        try:
            recipe = change_fields(self._training.recipe, [setting])
        except BadInput:
            return False
        return self._matches(recipe.network, changed)

    def _matches(self, network: Network, graph: Graph) -> bool:
        """Whether each layer of the graph is one of the network's, with the same channels."""
        import torch

        try:
            with torch.device("meta"):
                module = network.build(input_shape=self._training.input_shape, outputs=self._training.outputs)
        except BadInput:
            return False
        built, wanted = _module_channels(module), _graph_channels(graph, self._names)
        return bool(wanted) and all(built.get(name) == channels for name, channels in wanted.items())


def _settings(fields: Mapping[str, Any], before: int, after: int) -> Iterator[str]:
    """Settings that give one field, or one item of a list, the new number in place of the old one."""
    for name, value in fields.items():
        if type(value) is int and value == before:
            yield f"network.{name}={after}"
        if isinstance(value, list):
            for place, item in enumerate(value):
                if type(item) is int and item == before:
                    changed = [*value[:place], after, *value[place + 1 :]]
                    yield f"network.{name}={json.dumps(changed, separators=(',', ':'))}"


def _module_channels(module: torch.nn.Module) -> Channels:
    """Of all layers that have weights with output and input channels."""
    weights = ((name, getattr(part, "weight", None)) for name, part in module.named_modules())
    return {
        name: (weight.shape[0], weight.shape[1]) for name, weight in weights if weight is not None and weight.ndim > 1
    }


def _graph_channels(graph: Graph, names: Mapping[str, str]) -> Channels:
    """Of all convolutions and dense layers, which have one author's name each, or none of them."""
    plain = canonicalize(graph)
    layers = [each for each in plain.operators if each.kind in CHANNEL_LAYERS]
    channels = {}
    for layer in layers:
        shape = plain.tensors[layer.inputs[1]].shape
        channels[shorten_layer(names.get(layer.name, ""))] = (shape[0], shape[3])
    return channels if len(channels) == len(layers) and "" not in channels else {}
