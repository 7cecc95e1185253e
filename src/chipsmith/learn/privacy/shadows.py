"""The networks of an attacker: trained as the attacked is, on examples that the attacker chose."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.learn.data import ArrayExamples, Dataset, Examples, Task
from chipsmith.learn.networks import Mlp
from chipsmith.learn.predict import predict
from chipsmith.learn.privacy.attacks import Confidences, Members, confidences
from chipsmith.learn.recipe import Recipe
from chipsmith.learn.trained import train
from chipsmith.learn.training import TrainingSettings
from chipsmith.learn.training.optimizers import Adam

if TYPE_CHECKING:
    import torch

FEWEST = 4
"""Shadow networks with which means with and without an example are there."""
CONTROL_EXAMPLES = 300
"""That the network is trained on which shows that the attack sees."""
PERMUTED = 0.3
"""Share of its labels that are permuted: they can only be learned by heart."""
_BY_HEART = TrainingSettings(epochs=40, batch_size=30, optimizer=Adam(kind="adam", learning_rate=2e-3))
_SHADOW_SEEDS = 1 << 20
"""Seeds of shadow networks begin so far from the recipe's."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Pool:
    """Examples of which some are the attacked network's own: `members` (n) says which.

    `validation` chooses the epoch; where it is None, the training examples themselves do.
    """

    dataset: Dataset
    examples: Examples
    members: Members
    validation: Examples | None

    @property
    def fingerprint(self) -> bytes:
        """What tells it from a pool of other examples."""
        return self.examples.digests.tobytes()

    def trained_on(self, chosen: Members) -> Dataset:
        """The data set whose training part are the chosen examples."""
        train = self.examples.select(np.flatnonzero(chosen))
        return dataclasses.replace(self.dataset, train=train, validation=self.validation or train)

    def confidences_of(self, module: torch.nn.Module) -> Confidences:
        """How sure a network is of the true class of each example."""
        batch = self.examples.whole()
        return confidences(predict(module, batch.inputs), batch.targets)

    def choose(self, shadows: int, *, seed: int) -> Members:
        """Whom each shadow is trained on (shadows, n): as many as the attacked is, each example left out alike often.

        Shadows that follow each other leave out stretches of one random order, until none is left; then of another.
        """
        total, left_out = len(self.members), int((~self.members).sum())
        rounds = max(1, total // left_out)
        drawn = np.random.default_rng(seed)
        orders = [drawn.permutation(total) for _ in range(-(-shadows // rounds))]
        chosen = np.ones((shadows, total), np.bool_)
        for number, members in enumerate(chosen):
            start = number % rounds * left_out
            members[orders[number // rounds][start : start + left_out]] = False
        return chosen


def recipe_pool(dataset: Dataset) -> Pool:
    """The training part, and the test part as those that were not trained on."""
    _require_classes(dataset)
    parts = (dataset.train.whole(), dataset.test.whole())
    examples = ArrayExamples(
        inputs=np.concatenate([part.inputs for part in parts]),
        all_targets=np.concatenate([part.targets for part in parts]),
    )
    members = np.arange(len(examples)) < len(dataset.train)
    return Pool(dataset=dataset, examples=examples, members=members, validation=dataset.validation)


def control_pool(dataset: Dataset, *, seed: int) -> Pool:
    """Examples of the training part, half of them members, of which a share has the label of another."""
    _require_classes(dataset)
    drawn = np.random.default_rng(seed)
    count = min(2 * CONTROL_EXAMPLES, len(dataset.train)) // 2 * 2
    batch = dataset.train.batch(drawn.permutation(len(dataset.train))[:count])
    permuted = drawn.permutation(count)[: round(PERMUTED * count)]
    targets = batch.targets.copy()
    targets[permuted] = targets[drawn.permutation(permuted)]
    examples = ArrayExamples(inputs=batch.inputs, all_targets=targets)
    return Pool(dataset=dataset, examples=examples, members=np.arange(count) < count // 2, validation=None)


def without_privacy(recipe: Recipe) -> Recipe:
    """The recipe without its promise, all else alike."""
    return recipe.model_copy(update={"training": recipe.training.model_copy(update={"privacy": None})})


def overfitting(recipe: Recipe) -> Recipe:
    """The recipe changed to learn its examples by heart: wide dense layers, many small steps, nothing that hinders.

    Tokens keep the recipe's network.
    """
    changes: dict[str, object] = {"training": _BY_HEART.model_copy(update={"device": recipe.training.device})}
    if not recipe.network.takes_tokens():
        changes["network"] = Mlp(hidden=(256,))
    return recipe.model_copy(update={**changes, "weights": None})


def train_shadow(recipe: Recipe, pool: Pool, chosen: Members, number: int) -> Confidences:
    """The confidences of a shadow network, which has a seed of its own."""
    shadow = recipe.model_copy(update={"seed": recipe.seed + _SHADOW_SEEDS + number})
    return pool.confidences_of(train(shadow, pool.trained_on(chosen[number])).module)


def require_shadows(shadows: int) -> None:
    """Raise BadInput for fewer shadow networks than an attack needs."""
    if shadows < FEWEST:
        raise BadInput(f"an audit needs {FEWEST} shadow networks or more, not {shadows}")


def _require_classes(dataset: Dataset) -> None:
    if dataset.task is not Task.CLASSIFICATION:
        raise BadInput(
            f"audit asks how sure a network is of an example's class; the task of {dataset.name} is "
            f"{dataset.task.value}: audit a recipe of the task classification"
        )
