"""The noun TrainedNetwork: a module with the weights of its best epoch, and how it came to them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from chipsmith.errors import BadInput
from chipsmith.learn.data import Dataset, TargetScaling
from chipsmith.learn.networks import KernelFamily
from chipsmith.learn.networks.footprint import require_memory
from chipsmith.learn.preprocessing import Preprocessing
from chipsmith.learn.privacy.boundary import outside_of_promise
from chipsmith.learn.recipe import Recipe
from chipsmith.learn.reproducible import reproducible, require_torch
from chipsmith.learn.training import Epoch, History, OnEpoch, fit, ignore
from chipsmith.learn.training.identity import TrainingIdentity, identify_training
from chipsmith.learn.training.machines import MachineCandidate
from chipsmith.learn.training.section import RecipeSection
from chipsmith.learn.validation.verdict import Verdict, counts_right_answers, guess_loss, judge
from chipsmith.learn.weights import load_weights
from chipsmith.shown import Shown

if TYPE_CHECKING:
    import torch


class Training(RecipeSection):
    """How a network was trained and what was measured meanwhile; plain data that goes to JSON and back.

    `input_shape` and `outputs` are what the network was built for; `guess_loss` is the loss of the best answer that
    does not look at the input. `candidates` are the hyper-parameters that a kernel machine was fitted with. Of a
    private training `history.budget` says what was spent, `outside_of_promise` names what that does not cover.
    """

    recipe: Recipe
    dataset: str
    input_shape: tuple[int, ...]
    outputs: int = Field(ge=1)
    class_names: tuple[str, ...]
    preprocessing: Preprocessing
    target_scaling: TargetScaling | None
    train_examples: int = Field(ge=1)
    validation_examples: int = Field(ge=1)
    guess_loss: float = Field(ge=0)
    history: History
    candidates: tuple[MachineCandidate, ...] = ()
    outside_of_promise: tuple[str, ...] = ()

    def _brief(self) -> str:
        return f"{self.recipe.name}: {self.verdict.fit.value}; {len(self.history.epochs)} epochs on {self.dataset}"

    @model_validator(mode="after")
    def _require_scores(self) -> Self:
        least = 0.0 if counts_right_answers(self.recipe.task) else -math.inf
        for epoch in self.history.epochs:
            scores = [score for score in (epoch.train_score, epoch.validation_score) if score is not None]
            if not all(least <= score <= 1 for score in scores):
                raise ValueError(f"the scores of epoch {epoch.number} are no scores of {self.recipe.task.value}")
        return self

    @property
    def best_epoch(self) -> Epoch:
        """The epoch whose weights are kept: see History.best."""
        return self.history.best

    @property
    def verdict(self) -> Verdict:
        """What the curves say about over- and underfitting."""
        return judge(
            self.history,
            task=self.recipe.task,
            outputs=self.outputs,
            validation_examples=self.validation_examples,
            guess_loss=self.guess_loss,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainedNetwork(Shown):
    """A module in evaluation mode, and how it was trained."""

    module: torch.nn.Module
    training: Training

    def _brief(self) -> str:
        return f"{type(self.module).__name__} of {self.training._brief()}"


def train(
    recipe: Recipe, dataset: Dataset, *, checkpoint: Path | None = None, on_epoch: OnEpoch = ignore
) -> TrainedNetwork:
    """Train fresh weights of the recipe's network on `dataset`, which is `recipe.load_data()` or a part of it.

    The same recipe gives the same bits with the same PyTorch on the same kind of processor; fresh noise of a private
    one differs each time. `checkpoint` as in `fit`.
    Raises BadInput where the parts of the recipe do not fit each other, and CheckFailed where the training fails.
    """
    require_torch(f"train {recipe.name}")
    module = build_module(recipe, dataset)
    if isinstance(recipe.network, KernelFamily) and recipe.training.epochs:
        if recipe.training.epochs > 1:
            raise BadInput(f"recipe {recipe.name}: a kernel machine is fitted in a single epoch: training.epochs=1")
        fitted = recipe.network.fit(module, dataset, seed=recipe.seed, on_epoch=on_epoch)
        training = describe(recipe, dataset, fitted.history, candidates=fitted.candidates)
        return TrainedNetwork(module=module, training=training)
    history = fit(
        module,
        dataset,
        settings=recipe.training,
        seed=recipe.seed,
        checkpoint=checkpoint,
        work=recipe.trained_by(),
        on_epoch=on_epoch,
    )
    return TrainedNetwork(module=module, training=describe(recipe, dataset, history))


def identify(recipe: Recipe, dataset: Dataset) -> TrainingIdentity:
    """All that the recipe's trained network depends on, the code of a function of one's own among it."""
    return identify_training(
        build_module(recipe, dataset),
        dataset,
        settings=recipe.training,
        seed=recipe.seed,
        loss=None,
        work=recipe.trained_by(),
    )


def build_module(recipe: Recipe, dataset: Dataset) -> torch.nn.Module:
    """The recipe's network for this data set, its first weights drawn from the recipe's seed or read from its file.

    Raises BadInput where the network cannot take such examples, or needs more memory than there is to train.
    """
    network = recipe.network_for(dataset)
    if network.takes_tokens() != (dataset.input_dtype == "int32"):
        wanted, given = ("tokens", "values") if network.takes_tokens() else ("values", "tokens")
        raise BadInput(f"recipe {recipe.name}: its network takes {wanted}, the data set {dataset.name} gives {given}")
    if network.has_known_layers():
        require_memory(
            network,
            input_shape=dataset.input_shape,
            outputs=dataset.outputs,
            batch=recipe.training.batch(len(dataset.train)),
        )
    with reproducible(seed=recipe.seed):
        module = network.build(input_shape=dataset.input_shape, outputs=dataset.outputs)
    if recipe.weights is not None:
        load_weights(module, recipe.weights)
    return module


def describe(
    recipe: Recipe, dataset: Dataset, history: History, *, candidates: tuple[MachineCandidate, ...] = ()
) -> Training:
    """The record of a training of `recipe` on `dataset`."""
    network = recipe.network_for(dataset)
    return Training(
        recipe=recipe.model_copy(update={"network": network}),
        dataset=dataset.name,
        input_shape=dataset.input_shape,
        outputs=dataset.outputs,
        class_names=dataset.class_names,
        preprocessing=dataset.preprocessing,
        target_scaling=dataset.target_scaling,
        train_examples=len(dataset.train),
        validation_examples=len(dataset.validation),
        guess_loss=guess_loss(replace(dataset, train=recipe.calibration_part(dataset))),
        history=history,
        candidates=candidates,
        outside_of_promise=outside_of_promise(recipe, dataset),
    )
