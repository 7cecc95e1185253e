"""The layers whose channels can be set: what a command calls each, which a name means, and which are tied."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from chipsmith.errors import BadInput
from chipsmith.program.layer_names import find_owner, shorten_layer
from chipsmith.suggest import nearest_at_end
from chipsmith.tosa.graph import Graph
from chipsmith.tosa.passes.channels import CHANNEL_LAYERS, output_channels, tied_layers

_SHOWN = 8
"""Names that a message lists of many."""
_QUOTED = re.compile(r"'([^']+)'")


class ChannelNames:
    """The layers of a graph whose channels can be set, by their operators' names and by their author's.

    A command calls a layer by its author's name, in the short form in which reports show it, where this means no other
    such layer; else by that name whole, else by its operator's. `find` and `setting_name` are each other's inverse.
    """

    def __init__(self, graph: Graph, sources: Mapping[str, str]) -> None:
        """`sources` are the author's names by those of the graph's operators."""
        self.graph = graph
        self.layers = tuple(each.name for each in graph.operators if each.kind in CHANNEL_LAYERS)
        self._sources = sources
        self._tied: dict[str, tuple[str, ...]] = {}

    def setting_name(self, operator: str) -> str:
        """What a command calls a layer by."""
        whole = self._sources.get(operator, "")
        names = dict.fromkeys((shorten_layer(whole), whole))
        return next((name for name in names if name and self._mean(name) == [operator]), operator)

    def tied(self, operator: str) -> tuple[str, ...]:
        """The convolutions, depthwise ones too, that have a layer's channels; empty where these cannot change."""
        if operator not in self._tied:
            try:
                self._tied[operator] = tied_layers(self.graph, operator)
            except BadInput:
                self._tied[operator] = ()
        return self._tied[operator]

    def find(self, name: str) -> str:
        """The operator of the layer that a name means. Raises BadInput where that is none, or several."""
        meant = self._mean(name)
        if len(meant) == 1:
            return meant[0]
        if meant:
            raise BadInput(f"'{name}' is the name of {len(meant)} convolutions: say one of {', '.join(meant)}")
        others = self._mean_of(name, self._known.items())
        leading = next((layer for layer in self.layers if set(others) & set(self.tied(layer))), None)
        if leading is not None:
            owner = self.setting_name(leading)
            raise BadInput(
                f"'{name}' has the channels of '{owner}', to which it is tied; set those, and it changes with them: "
                f"--channels {owner}={output_channels(self.graph, leading)} is as they are"
            )
        names = [self.setting_name(layer) for layer in self.layers]
        shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
        what = "has no output channels of its own to set" if others else f"is no layer of {self.graph.name}"
        raise BadInput(f"'{name}' {what}; its convolutions are {shown or 'none'}{nearest_at_end(name, names)}")

    def say(self, message: str) -> str:
        """A message with the author's names in place of the graph's, where they are known."""

        def named(match: re.Match[str]) -> str:
            owner = find_owner(match[1], self._known)
            return f"'{self._known[owner]}'" if owner else match[0]

        return _QUOTED.sub(named, message)

    @cached_property
    def _known(self) -> dict[str, str]:
        """The author's names, in short, of all operators and of what they compute."""
        pairs: Iterator[tuple[str, str]] = (
            (part, self._sources[each.name])
            for each in self.graph.operators
            if each.name in self._sources
            for part in (each.name, *each.outputs)
        )
        return {part: shorten_layer(source) for part, source in pairs}

    def _mean(self, name: str) -> list[str]:
        """The layers that a name may mean: the operator of that name, else those of that author's name."""
        if name in self.layers:
            return [name]
        whole = [layer for layer in self.layers if self._sources.get(layer) == name]
        return whole or self._mean_of(name, ((layer, self._known.get(layer, "")) for layer in self.layers))

    def _mean_of(self, name: str, pairs: Iterable[tuple[str, str]]) -> list[str]:
        return [part for part, source in pairs if source and name in (part, source, self._sources.get(part))]
