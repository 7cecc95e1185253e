"""The networks of a study that a recipe trains: which structures there are, and what their figures depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chipsmith.errors import BadInput
from chipsmith.frontends.pytorch.shape_graph import shape_graph
from chipsmith.learn.data import Dataset, Task
from chipsmith.learn.data.fingerprint import hash_parts
from chipsmith.learn.elastic import ElasticSpace, parse_elastic, supernet_recipe
from chipsmith.learn.elastic.supernet import FORM
from chipsmith.learn.networks import KernelFamily, Network
from chipsmith.learn.recipe import Recipe
from chipsmith.learn.reproducible import reproducible
from chipsmith.learn.training.identity import bit_versions
from chipsmith.shown import Shown
from chipsmith.studies.search.parameters import SearchParameter, Value, Values, pick_numbers
from chipsmith.tosa.graph import Graph

if TYPE_CHECKING:
    import torch

_EXAMPLES = 2
_STEPS = {"width": 0.25, "depth": 1, "kernel": 2}
"""How far beyond the border of a space a structure is looked for."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RecipeNetwork(Shown):
    """A recipe with its data; with `elastic` its network varies, as the parts of one weight-shared supernet.

    `supernet_epochs` are those of the supernet's training; None: as `supernet_recipe` has them by default.
    """

    recipe: Recipe
    dataset: Dataset
    weight: float = 1.0
    elastic: ElasticSpace | None = None
    supernet_epochs: int | None = None
    _refusals: dict[tuple[Value, ...], str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The recipe's name."""
        return self.recipe.name

    @property
    def supernet_recipe(self) -> Recipe:
        """The recipe by which the supernet is trained."""
        return supernet_recipe(self.recipe, epochs=self.supernet_epochs)

    @property
    def judged_examples(self) -> int:
        """How many examples of the validation part judge an accuracy."""
        count, most = len(self.dataset.validation), self.recipe.validation.executed
        return count if most is None else min(count, most)

    @property
    def parameters(self) -> tuple[SearchParameter, ...]:
        """See NetworkSpace.parameters."""
        parameters = () if self.elastic is None else self.elastic.parameters
        return tuple(SearchParameter(name=each.name, values=each.values) for each in parameters)

    def elastic_values(self, values: Values) -> dict[str, int | float]:
        """A combination of the network's parameters as its elastic space has them."""
        return pick_numbers({parameter.name: values[parameter.name] for parameter in self.parameters})

    def settings(self, values: Values) -> Network:
        """The network of a combination."""
        if self.elastic is None:
            return self.recipe.network_for(self.dataset)
        return self.elastic.settings(self.elastic_values(values))

    def refusal(self, values: Values) -> str:
        """See NetworkSpace.refusal."""
        if self.elastic is None:
            return ""
        key = tuple(values[parameter.name] for parameter in self.parameters)
        if key not in self._refusals:
            self._refusals[key] = self.elastic.refusal(
                self.elastic_values(values), input_shape=self.dataset.input_shape, outputs=self.dataset.outputs
            )
        return self._refusals[key]

    def beyond(self, values: Values, name: str, *, upward: bool) -> str:
        """See NetworkSpace.beyond: whether the family has a larger or a smaller value beside the others."""
        changed = self.elastic_values(values)
        changed[name] += _STEPS[name] if upward else -_STEPS[name]
        try:
            wider = parse_elastic(self.recipe.network_for(self.dataset), changed)
        except BadInput:
            return ""
        shape, outputs = self.dataset.input_shape, self.dataset.outputs
        refused = wider.refusal(changed, input_shape=shape, outputs=outputs)
        return "" if refused else f"the winner may have {changed[name]:g}"

    @property
    def largest(self) -> Values:
        """The combination of the largest network; empty where it does not vary."""
        return {} if self.elastic is None else self.elastic.largest

    def shape_graph(self) -> Graph:
        """The graph of the largest network's shapes, on which its time and energy depend, without any training.

        Raises BadInput where it cannot be built for the data.
        """
        refused = self.refusal(self.largest)
        if refused:
            raise BadInput(f"space.network: its largest network cannot be built: {refused}; leave that value out")
        return shape_graph(self._fresh(self.settings(self.largest)), self._example(), name=self.name)

    def identity(self) -> dict[str, Any]:
        """What its accuracy depends on, as plain values."""
        supernet = {"form": FORM, "epochs": self.supernet_recipe.training.epochs}
        return {
            "recipe": self.recipe.model_dump(mode="json", exclude={"description", "chip"}),
            "structures": None if self.elastic is None else self.elastic.to_plain(),
            "data": hash_parts(self.dataset),
            "versions": bit_versions(self.dataset),
            **({} if self.elastic is None else {"supernet": supernet}),
        }

    def _example(self) -> Any:
        return self.dataset.train.first(_EXAMPLES).whole().inputs

    def _fresh(self, network: Network) -> torch.nn.Module:
        with reproducible(seed=self.recipe.seed):
            return network.build(input_shape=self.dataset.input_shape, outputs=self.dataset.outputs)


def check_recipe(recipe: Recipe) -> None:
    """Raise BadInput for a recipe whose network has no accuracy, runs on no chip, or may not be trained repeatedly."""
    if recipe.task is not Task.CLASSIFICATION:
        raise BadInput(
            f"network {recipe.name}: its task is {recipe.task.value}, and a search judges what it trains by accuracy, "
            "which classifications have; train it with `chipsmith run` and name the run folder as a file"
        )
    if recipe.is_quantum or isinstance(recipe.network, KernelFamily):
        raise BadInput(f"network {recipe.name} is of kind {recipe.network.kind}, which a search does not train")
    if recipe.training.privacy is not None:
        raise BadInput(
            f"network {recipe.name} is private, and each training of a search would spend its epsilon again: train it "
            "with `chipsmith run` and name the run folder as a file"
        )


def vary_recipe(
    recipe: Recipe,
    dataset: Dataset,
    *,
    weight: float,
    varied: Mapping[str, Any] | None,
    supernet_epochs: int | None = None,
) -> RecipeNetwork:
    """A network of a study; `varied` is `space.network`, None where nothing of it varies. Raises BadInput."""
    elastic = None if varied is None else parse_elastic(recipe.network_for(dataset), varied)
    return RecipeNetwork(
        recipe=recipe, dataset=dataset, weight=weight, elastic=elastic, supernet_epochs=supernet_epochs
    )
