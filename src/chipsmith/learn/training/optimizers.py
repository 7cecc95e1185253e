"""The optimisers of a recipe: each is PyTorch's own, with PyTorch's names for its numbers.

`weight_decay` is the L2 penalty's gradient, `weight_decay` x weight, in all but AdamW, which decays the weights apart
from the gradient (I. Loshchilov, F. Hutter: Decoupled weight decay regularization, ICLR 2019).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from chipsmith.learn.training.section import RecipeSection

if TYPE_CHECKING:
    import torch

    Parameters = Iterable[torch.nn.Parameter]

Rate = Annotated[float, Field(gt=0, description="learning rate; where the schedule changes it, its largest value")]
Decay = Annotated[float, Field(ge=0, description="weight decay")]
Share = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]


class Sgd(RecipeSection):
    """Stochastic gradient descent; with `batch_size: full` it is gradient descent.

    The buffer b = momentum b + g gives the step w = w - rate b; with `nesterov` the step is rate (g + momentum b).
    Source: I. Sutskever and others: On the importance of initialization and momentum in deep learning, ICML 2013.
    """

    kind: Literal["sgd"]
    learning_rate: Rate = 0.05
    momentum: Share = 0.0
    nesterov: bool = False
    weight_decay: Decay = 0.0

    @model_validator(mode="after")
    def _has_momentum(self) -> Sgd:
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov needs a momentum above 0")
        return self

    def build(self, parameters: Parameters) -> torch.optim.Optimizer:
        """torch.optim.SGD."""
        import torch

        return torch.optim.SGD(
            parameters,
            lr=self.learning_rate,
            momentum=self.momentum,
            nesterov=self.nesterov,
            weight_decay=self.weight_decay,
        )

    @property
    def cycles_momentum(self) -> bool:
        """Whether there is a momentum that a one-cycle schedule can lower while the rate is high."""
        return self.momentum > 0


class _Moments(RecipeSection):
    """What Adam and AdamW have in common: the rates at which the mean gradient and square are forgotten."""

    learning_rate: Rate = 1e-3
    betas: tuple[Share, Share] = (0.9, 0.999)
    eps: Positive = 1e-8

    @property
    def cycles_momentum(self) -> bool:
        """The first beta stands for the momentum."""
        return True


class Adam(_Moments):
    """m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w = w - rate m' / (sqrt(v') + eps), m' and v' without bias.

    Source: D. Kingma, J. Ba: Adam: a method for stochastic optimization, ICLR 2015.
    """

    kind: Literal["adam"]
    weight_decay: Decay = 0.0

    def build(self, parameters: Parameters) -> torch.optim.Optimizer:
        """torch.optim.Adam."""
        import torch

        return torch.optim.Adam(
            parameters, lr=self.learning_rate, betas=self.betas, eps=self.eps, weight_decay=self.weight_decay
        )


class AdamW(_Moments):
    """Adam, whose weights decay apart from the gradient: w = w - rate weight_decay w before Adam's step.

    Source: I. Loshchilov, F. Hutter: Decoupled weight decay regularization, ICLR 2019.
    """

    kind: Literal["adamw"]
    weight_decay: Decay = 1e-2

    def build(self, parameters: Parameters) -> torch.optim.Optimizer:
        """torch.optim.AdamW."""
        import torch

        return torch.optim.AdamW(
            parameters, lr=self.learning_rate, betas=self.betas, eps=self.eps, weight_decay=self.weight_decay
        )


class RmsProp(RecipeSection):
    """v = alpha v + (1 - alpha) g^2, w = w - rate g / (sqrt(v) + eps); with a momentum, that step goes to a buffer.

    Source: G. Hinton: Neural networks for machine learning, lecture 6e, Coursera 2012.
    """

    kind: Literal["rmsprop"]
    learning_rate: Rate = 1e-3
    alpha: Share = 0.99
    eps: Positive = 1e-8
    momentum: Share = 0.0
    weight_decay: Decay = 0.0

    def build(self, parameters: Parameters) -> torch.optim.Optimizer:
        """torch.optim.RMSprop."""
        import torch

        return torch.optim.RMSprop(
            parameters,
            lr=self.learning_rate,
            alpha=self.alpha,
            eps=self.eps,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
        )

    @property
    def cycles_momentum(self) -> bool:
        """Whether there is a momentum that a one-cycle schedule can lower while the rate is high."""
        return self.momentum > 0


class Adagrad(RecipeSection):
    """s = s + g^2, w = w - rate g / (sqrt(s) + eps).

    Source: J. Duchi, E. Hazan, Y. Singer: Adaptive subgradient methods, JMLR 12 (2011).
    """

    kind: Literal["adagrad"]
    learning_rate: Rate = 1e-2
    eps: Positive = 1e-10
    weight_decay: Decay = 0.0

    def build(self, parameters: Parameters) -> torch.optim.Optimizer:
        """torch.optim.Adagrad."""
        import torch

        return torch.optim.Adagrad(parameters, lr=self.learning_rate, eps=self.eps, weight_decay=self.weight_decay)

    @property
    def cycles_momentum(self) -> bool:
        """Adagrad has no momentum."""
        return False


OptimizerSettings = Annotated[Sgd | Adam | AdamW | RmsProp | Adagrad, Field(discriminator="kind")]
