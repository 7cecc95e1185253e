"""One network whose weights serve many sizes of it: trained once, and asked for the smaller ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from chipsmith.errors import BadInput
from chipsmith.learn.data import Dataset
from chipsmith.learn.data.fingerprint import hash_parts
from chipsmith.learn.elastic.clock import EpochClock
from chipsmith.learn.elastic.recalibration import recalibrate
from chipsmith.learn.elastic.sandwich import DRAWN, SandwichLoss
from chipsmith.learn.elastic.sharing import add_own_weights, share_network
from chipsmith.learn.elastic.space import KEY, ElasticSpace, ElasticValues
from chipsmith.learn.elastic.supernet_file import SupernetContent, read_supernet, write_supernet
from chipsmith.learn.recipe import Recipe
from chipsmith.learn.reproducible import reproducible, require_torch
from chipsmith.learn.trained import build_module, train
from chipsmith.learn.training import Epoch, History, KeptWeights, OnEpoch, fit, ignore
from chipsmith.learn.training.identity import bit_versions
from chipsmith.learn.training.processes import processes

if TYPE_CHECKING:
    import torch

    from chipsmith.learn.tensor_files import Tensors

FORM = 2
"""Grows whenever the same recipe, space and data would give other weights."""
EPOCHS_FACTOR = 2
"""A supernet's epochs over those of its recipe: its weights serve many networks, and each step is one of four."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Supernet:
    """The weights that all networks of `space` share, trained by `recipe` on data of these shapes.

    `history` has the curves of the largest network; `cpu_s` is the processor time of the training in seconds.
    `identity` is what the weights depend on: recipe, space, data and versions, as plain values.
    """

    recipe: Recipe
    space: ElasticSpace
    input_shape: tuple[int, ...]
    outputs: int
    tensors: Tensors
    history: History
    cpu_s: float
    identity: Mapping[str, Any]

    def subnetwork(self, values: ElasticValues, dataset: Dataset) -> torch.nn.Module:
        """The network of a combination as an ordinary module in evaluation mode, with copies of its weights.

        Its batch normalisation is set over examples of `dataset.train`: see `recalibrate`. Raises BadInput where the
        combination is none of the space.
        """
        with reproducible(seed=self.recipe.seed):
            part = share_network(self.space, values, input_shape=self.input_shape, outputs=self.outputs)
            weights = {name: tensor.clone() for name, tensor in part.slices(self.tensors).items()}
            part.module.load_state_dict({**part.module.state_dict(), **weights})
            recalibrate(part.module, self.recipe.calibration_part(dataset))
        return part.module

    def save(self, path: Path) -> None:
        """Write it to one safetensors file, whole or not at all. Raises BadInput where it cannot be written."""
        training = {"cpu_s": self.cpu_s, "epochs": [asdict(epoch) for epoch in self.history.epochs]}
        write_supernet(path, SupernetContent(tensors=self.tensors, identity=self.identity, training=training))

    @classmethod
    def load(cls, path: Path, *, recipe: Recipe, dataset: Dataset, space: ElasticSpace) -> Self:
        """The supernet in a file that `save` wrote.

        Raises BadInput where the file is damaged or foreign, or was trained by another recipe, on other data, for
        another space or with other versions, naming the first thing that differs.
        """
        require_torch(f"load {path}")
        content = read_supernet(path, identity=identify_supernet(recipe, dataset, space))
        try:
            epochs = tuple(Epoch(**epoch) for epoch in content.training["epochs"])
            cpu_s = float(content.training["cpu_s"])
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(f"{path} holds no supernet of Chipsmith; remove it, and it is trained again") from error
        return cls(
            recipe=recipe,
            space=space,
            input_shape=dataset.input_shape,
            outputs=dataset.outputs,
            tensors=content.tensors,
            history=History(epochs=epochs),
            cpu_s=cpu_s,
            identity=content.identity,
        )


def train_supernet(
    recipe: Recipe,
    dataset: Dataset,
    space: ElasticSpace,
    *,
    checkpoint: Path | None = None,
    on_epoch: OnEpoch = ignore,
) -> Supernet:
    """Train the networks of a space together, by the recipe's settings and the sandwich rule: see SandwichLoss.

    The weights are those of the last epoch: the one that serves the largest network best is often too early for small
    ones, and where nothing is chosen on the validation part, nothing read there is flattered. The epochs are the
    recipe's: see `supernet_recipe`. `checkpoint` as in `fit`: a training that is interrupted goes on to the same bits.
    With a space of one network this is the recipe's own training of it, whose best epoch is kept. Raises BadInput where
    the largest network cannot be built for the data, or the recipe has no weights to share, and CheckFailed where the
    training fails.
    """
    require_torch(f"train the supernet of {recipe.name}")
    _require_shareable(recipe, space, dataset)
    largest = recipe.model_copy(update={"network": space.settings(space.largest)})
    module = build_module(largest, dataset)
    with reproducible(seed=recipe.seed):
        add_own_weights(module, space, input_shape=dataset.input_shape, outputs=dataset.outputs)
    loss = SandwichLoss(
        space,
        task=dataset.task,
        input_shape=dataset.input_shape,
        outputs=dataset.outputs,
        label_smoothing=recipe.training.label_smoothing,
    )
    clock = EpochClock(checkpoint)
    history = fit(
        module,
        dataset,
        settings=recipe.training,
        seed=recipe.seed,
        loss=loss,
        kept=KeptWeights.LAST if space.combinations > 1 else KeptWeights.BEST,
        checkpoint=checkpoint,
        work={"recipe": recipe.trained_by(), "space": space.to_plain(), "drawn": DRAWN, "form": FORM},
        on_epoch=clock.timing(on_epoch),
    )
    return Supernet(
        recipe=recipe,
        space=space,
        input_shape=dataset.input_shape,
        outputs=dataset.outputs,
        tensors={name: parameter.detach().clone() for name, parameter in module.named_parameters()},
        history=history,
        cpu_s=clock.cpu_s,
        identity=identify_supernet(recipe, dataset, space),
    )


def train_subnetwork(
    recipe: Recipe,
    dataset: Dataset,
    space: ElasticSpace,
    values: ElasticValues,
    *,
    seed: int,
    checkpoint: Path | None = None,
    on_epoch: OnEpoch = ignore,
) -> torch.nn.Module:
    """The network of a combination trained from fresh weights by the recipe, in evaluation mode; as `train`."""
    return train(
        subnetwork_recipe(recipe, space, values, seed=seed), dataset, checkpoint=checkpoint, on_epoch=on_epoch
    ).module


def subnetwork_recipe(recipe: Recipe, space: ElasticSpace, values: ElasticValues, *, seed: int) -> Recipe:
    """The recipe with the network of a combination, another seed, and no weights to start from."""
    return recipe.model_copy(update={"network": space.settings(values), "seed": seed, "weights": None})


def supernet_recipe(recipe: Recipe, *, epochs: int | None = None) -> Recipe:
    """The recipe by which its supernet is trained: with so many epochs, by default EPOCHS_FACTOR times its own.

    The schedule of the learning rate is stretched over them. A recipe that trains nothing stays as it is.
    """
    own = recipe.training.epochs
    training = recipe.training.model_copy(update={"epochs": epochs if epochs and own else EPOCHS_FACTOR * own})
    return recipe.model_copy(update={"training": training})


def identify_supernet(recipe: Recipe, dataset: Dataset, space: ElasticSpace) -> dict[str, Any]:
    """What a supernet's weights depend on, as plain values."""
    parts = hash_parts(dataset)
    return {
        "versions": bit_versions(dataset),
        "form": FORM,
        "drawn": DRAWN,
        "recipe": recipe.trained_by(),
        "space": space.to_plain(),
        "data": {name: parts[name] for name in ("training", "validation")},
    }


def _require_shareable(recipe: Recipe, space: ElasticSpace, dataset: Dataset) -> None:
    """Raise BadInput where no supernet can be trained."""
    if recipe.weights is not None or recipe.training.epochs == 0:
        raise BadInput(
            f"recipe {recipe.name} starts from weights of one network, and a supernet is trained from the start; "
            "name a recipe without weights and with training.epochs of 1 or more"
        )
    if processes().count > 1:
        raise BadInput("the networks of a step differ by process: a supernet is trained without torchrun")
    if recipe.training.privacy is not None:
        raise BadInput(f"recipe {recipe.name} trains privately, and no supernet is trained so: leave space.network out")
    refusal = space.refusal(space.largest, input_shape=dataset.input_shape, outputs=dataset.outputs)
    if refusal:
        raise BadInput(f"{KEY}: its largest network cannot be built: {refusal}; take smaller values of depth")
