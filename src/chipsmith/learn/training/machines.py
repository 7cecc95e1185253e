"""Fitting kernel machines: no steps, but a fit for each choice of hyper-parameters, the best of them kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from chipsmith.errors import BadInput
from chipsmith.learn.data.dataset import Dataset
from chipsmith.learn.data.examples import Batch
from chipsmith.learn.data.task import Task
from chipsmith.learn.reproducible import reproducible
from chipsmith.learn.training.history import History, OnEpoch, ignore
from chipsmith.learn.training.losses import cross_entropy
from chipsmith.learn.training.measure import measure_epoch
from chipsmith.quantum.kernel import Matrix, fit_by_kernel
from chipsmith.shown import Shown

if TYPE_CHECKING:
    import torch

    from chipsmith.learn.networks.modules.machines import PairwiseMachine

Labels = NDArray[np.int64]

_SHARPNESSES = np.geomspace(0.01, 100, 161)
"""What the votes may be multiplied by, so that their softmax is as sure as it is right."""


class MachineCandidate(Shown, BaseModel):
    """Hyper-parameters of a kernel machine, and the validation accuracy that they reach.

    `bandwidth` multiplies the features before the kernel; `penalty` is the C of the machine: the price of an
    example on the wrong side.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bandwidth: float
    penalty: float
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class MachineFit:
    """What the fitted machine does on training and validation examples, and all candidates in the order tried."""

    history: History
    candidates: tuple[MachineCandidate, ...]


@dataclass(frozen=True, kw_only=True)
class PairMachines:
    """The machines of all pairs of classes as PairwiseMachine takes them; `support` numbers the training examples."""

    support: Labels
    weights: Matrix
    intercepts: Matrix


def fit_machine(
    module: PairwiseMachine,
    dataset: Dataset,
    *,
    bandwidths: Sequence[float],
    penalties: Sequence[float],
    seed: int,
    on_epoch: OnEpoch = ignore,
) -> MachineFit:
    """Fit `module` in place on `dataset.train` with the hyper-parameters that do best on `dataset.validation`.

    Of equals the first. The sharpness of its logits is chosen on the validation part too (C. Guo and others: On
    calibration of modern neural networks, ICML 2017: temperature scaling). The history has one epoch. Raises BadInput
    for a data set without classes.
    """
    import torch

    if dataset.task is not Task.CLASSIFICATION:
        raise BadInput(f"a kernel machine tells classes apart; the task of {dataset.name} is {dataset.task.value}")
    with reproducible(seed=seed), torch.no_grad():
        fitted = [pair for width in bandwidths for pair in _try_bandwidth(module, dataset, width, penalties)]
        best, machines = max(fitted, key=lambda pair: pair[0].accuracy)
        module.bandwidth.fill_(best.bandwidth)
        keep_machines(module, machines, torch.tensor(dataset.train.whole().inputs))
        _sharpen(module, dataset.validation.whole())
        epoch = measure_epoch(module.eval(), dataset, 1)
    on_epoch(epoch)
    return MachineFit(history=History(epochs=(epoch,)), candidates=tuple(candidate for candidate, _ in fitted))


def _try_bandwidth(
    module: PairwiseMachine, dataset: Dataset, bandwidth: float, penalties: Sequence[float]
) -> Iterator[tuple[MachineCandidate, PairMachines]]:
    """The machines of each penalty, and how they do on the validation part."""
    import torch

    train, validation = dataset.train.whole(), dataset.validation.whole()
    inputs = torch.tensor(train.inputs)
    module.bandwidth.fill_(bandwidth)
    own = as_matrix(module.likeness(inputs, inputs))
    other = module.likeness(torch.tensor(validation.inputs), inputs)
    for penalty in penalties:
        machines = fit_pairs(own, train.targets, penalty=penalty)
        keep_machines(module, machines, inputs)
        answers = module.decide(other[:, torch.from_numpy(machines.support)]).argmax(-1).numpy()
        accuracy = float((answers == validation.targets).mean())
        yield MachineCandidate(bandwidth=bandwidth, penalty=penalty, accuracy=accuracy), machines


def fit_pairs(kernel: Matrix, labels: Labels, *, penalty: float) -> PairMachines:
    """The machines of all pairs of classes from the kernel (n, n) of n training examples. Raises BadInput.

    scikit-learn fits them (libsvm). Every class must have an example.
    """
    fitted = fit_by_kernel(kernel, labels, penalty=penalty)
    classes = len(fitted.classes_)
    ends = np.cumsum(fitted.n_support_)
    spans = [slice(end - count, end) for end, count in zip(ends, fitted.n_support_, strict=True)]
    pairs = list(combinations(range(classes), 2))
    weights = np.zeros((len(fitted.support_), len(pairs)))
    for index, (first, second) in enumerate(pairs):
        weights[spans[first], index] = fitted.dual_coef_[second - 1, spans[first]]
        weights[spans[second], index] = fitted.dual_coef_[first, spans[second]]
    sign = -1.0 if classes == 2 else 1.0  # of two classes scikit-learn takes the second as the positive side
    return PairMachines(
        support=fitted.support_.astype(np.int64), weights=sign * weights, intercepts=sign * fitted.intercept_
    )


def keep_machines(module: PairwiseMachine, machines: PairMachines, inputs: torch.Tensor) -> None:
    """Put the machines, which were fitted on features (n, f), into the module."""
    import torch

    module.vectors = inputs[torch.from_numpy(machines.support)].clone()
    module.weights = torch.tensor(machines.weights, dtype=torch.float32)
    module.intercepts = torch.tensor(machines.intercepts, dtype=torch.float32)


def as_matrix(values: torch.Tensor) -> Matrix:
    """A tensor as float64."""
    return np.asarray(values.double().numpy())


def _sharpen(module: PairwiseMachine, examples: Batch) -> None:
    """Give the logits the sharpness of the lowest cross entropy on the examples."""
    import torch

    logits, labels = module(torch.tensor(examples.inputs)), torch.tensor(examples.targets)
    losses = [float(cross_entropy(float(sharpness) * logits, labels)) for sharpness in _SHARPNESSES]
    module.sharpness.fill_(float(_SHARPNESSES[int(np.argmin(losses))]))
