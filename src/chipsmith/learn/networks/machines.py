"""Families of kernel machines: fitted, not trained in steps."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from chipsmith.learn.data.dataset import Dataset
from chipsmith.learn.networks.base import Network, Shape, require_features, require_outputs
from chipsmith.learn.training.history import OnEpoch
from chipsmith.learn.training.machines import MachineFit, fit_machine

if TYPE_CHECKING:
    from chipsmith.learn.networks.modules.machines import PairwiseMachine

Positive = Annotated[float, Field(gt=0)]
Choices = Annotated[tuple[Positive, ...], Field(min_length=1, max_length=20)]


class KernelFamily(Network):
    """Support vector machines with a kernel: features -> (n, outputs), fitted by scikit-learn in a single epoch.

    Each of `bandwidths`, which multiply the features before the kernel, and each of `penalties`, the C of the
    machines, is tried; the validation part chooses.
    """

    bandwidths: Choices
    penalties: Choices = (1.0, 3.0, 10.0)

    @abstractmethod
    def build(self, *, input_shape: Shape, outputs: int) -> PairwiseMachine:
        """See Network.build; the machine before its fit."""

    def has_known_layers(self) -> bool:
        """See Network.has_known_layers."""
        return False

    def fit(self, module: PairwiseMachine, dataset: Dataset, *, seed: int, on_epoch: OnEpoch) -> MachineFit:
        """Fit what `build` gave; see fit_machine."""
        return fit_machine(
            module,
            dataset,
            bandwidths=self.bandwidths,
            penalties=self.penalties,
            seed=seed,
            on_epoch=on_epoch,
        )


class RbfKernel(KernelFamily):
    """The classical machine: the likeness of two examples is exp(-distance^2) of their scaled features."""

    kind: Literal["rbf_kernel"] = "rbf_kernel"
    bandwidths: Choices = (0.2, 0.3, 0.4, 0.5, 0.7)

    def build(self, *, input_shape: Shape, outputs: int) -> PairwiseMachine:
        """See Network.build."""
        from chipsmith.learn.networks.modules.machines import RbfMachine

        require_features(self.kind, input_shape)
        require_outputs(self.kind, outputs)
        return RbfMachine(features=input_shape[0], classes=outputs)
