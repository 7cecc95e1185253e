"""The models that a quantum network is compared with, each a recipe of its own on the same data."""

from __future__ import annotations

from dataclasses import dataclass

from chipsmith.learn.networks import Mlp, Network, QuantumNetwork, RbfKernel
from chipsmith.learn.recipe import Recipe
from chipsmith.learn.training.optimizers import AdamW
from chipsmith.learn.training.schedules import OneCycle
from chipsmith.learn.training.settings import TrainingSettings
from chipsmith.profile.profile import Evidence

HIDDEN = 32
RBF = "rbf"
"""The target that the machine with the RBF kernel is."""
_ONCE = TrainingSettings(epochs=1)
_STEPS = TrainingSettings(
    epochs=60,
    batch_size=32,
    optimizer=AdamW(kind="adamw", learning_rate=0.005),
    schedule=OneCycle(kind="one_cycle"),
)


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A model beside a quantum network: `target` names its figures, `what` says it in words.

    `parameters` are its trained numbers; None for a machine, which holds on to examples instead.
    """

    target: str
    what: str
    recipe: Recipe
    parameters: int | None

    @property
    def evidence(self) -> Evidence:
        """Whether its answers are measured, or of a circuit that is simulated."""
        return Evidence.SIMULATED if self.recipe.is_quantum else Evidence.MEASURED


def baselines(recipe: Recipe, *, features: int, outputs: int) -> tuple[Baseline, ...]:
    """What the recipe's quantum network is compared with; the same circuit without entanglement stands first.

    Then a support vector machine with the RBF kernel, and networks of a hidden layer: with as many parameters as the
    circuit has trained numbers, its head's included, where it has any, and with HIDDEN hidden values.
    """
    network = recipe.network
    assert isinstance(network, QuantumNetwork)
    parameters = network.count_parameters(features=features, outputs=outputs)
    product = Baseline(
        target="no_entanglement",
        what="the same circuit without entanglement",
        recipe=_with(recipe, network.without_entanglement(features=features), recipe.training),
        parameters=parameters or None,
    )
    machine = Baseline(
        target=RBF,
        what="a support vector machine with the RBF kernel",
        recipe=_with(recipe, RbfKernel(), _ONCE),
        parameters=None,
    )
    widths = {f"hidden_{HIDDEN}": HIDDEN}
    if parameters:
        widths = {"same_size": hidden_for(parameters, features=features, outputs=outputs), **widths}
    perceptrons = (
        Baseline(
            target=target,
            what=f"a network of {hidden} hidden values",
            recipe=_with(recipe, Mlp(hidden=(hidden,)), _STEPS),
            parameters=hidden * (features + 1) + (hidden + 1) * outputs,
        )
        for target, hidden in widths.items()
    )
    return (product, machine, *perceptrons)


def hidden_for(parameters: int, *, features: int, outputs: int) -> int:
    """The width of a hidden layer with which a perceptron comes nearest to so many weights and biases."""
    return max(1, round((parameters - outputs) / (features + 1 + outputs)))


def _with(recipe: Recipe, network: Network, training: TrainingSettings) -> Recipe:
    return recipe.model_copy(update={"network": network, "training": training})
