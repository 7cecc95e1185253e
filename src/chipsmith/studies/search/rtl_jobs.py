"""Designs as their RTL runs them: networks compiled for the chip, as searched with or as they are handed over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chipsmith.compiler.network import compile_network
from chipsmith.studies.oracle import Temperature
from chipsmith.studies.search.design_space import DesignSpace
from chipsmith.studies.search.hand_over import WINNER
from chipsmith.studies.search.network_shelf import name_network
from chipsmith.studies.search.pairs import GRAPH, StudiedNetwork
from chipsmith.studies.search.recipe_networks import RecipeNetwork
from chipsmith.studies.search.rtl_check import RtlJob
from chipsmith.studies.search.trials import DesignTrial
from chipsmith.tosa.file import read_tosa
from chipsmith.tosa.graph import Graph


@dataclass(frozen=True, kw_only=True)
class RtlMaker:
    """Compiles the networks of designs for their chips; `recipes` are None where a network is given.

    `folder` is that of the study, which has the graphs of networks that recipes train.
    """

    space: DesignSpace
    networks: Sequence[StudiedNetwork]
    recipes: Sequence[RecipeNetwork | None]
    temperature: Temperature
    folder: Path

    def searched(self, design: DesignTrial) -> RtlJob:
        """With the networks that the search has scored."""
        return self._job(design, self._graphs(lambda recipe: Path(name_network(recipe, design.values)) / GRAPH))

    def handed_over(self, design: DesignTrial) -> RtlJob:
        """With the networks that leave the search: of finalists those that were trained in full."""
        return self._job(design, self._graphs(lambda recipe: Path(WINNER) / f"{recipe.name}.tosa"))

    def _job(self, design: DesignTrial, graphs: Iterator[Graph]) -> RtlJob:
        chip = self.space.chip(design.values)
        each = zip(self.networks, graphs, design.outcome.scores, strict=True)
        programs = tuple((network.name, compile_network(graph, chip), score.cycles) for network, graph, score in each)
        return RtlJob(programs=programs, temperature=self.temperature)

    def _graphs(self, place: Callable[[RecipeNetwork], Path]) -> Iterator[Graph]:
        """The graphs of the networks: given ones as they are, those of recipes from where they stand in the folder."""
        for network, recipe in zip(self.networks, self.recipes, strict=True):
            if recipe is None:
                assert network.graph is not None
                yield network.graph
            else:
                yield read_tosa(self.folder / place(recipe))
