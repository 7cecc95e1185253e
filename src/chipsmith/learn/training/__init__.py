"""Training: settings, the fit of any module to any data set, and the history that it leaves."""

from chipsmith.learn.training.fit import fit
from chipsmith.learn.training.history import Epoch, History, KeptWeights, OnEpoch, ignore
from chipsmith.learn.training.losses import Loss, task_loss
from chipsmith.learn.training.measure import measure
from chipsmith.learn.training.settings import TrainingSettings

__all__ = [
    "Epoch",
    "History",
    "KeptWeights",
    "Loss",
    "OnEpoch",
    "TrainingSettings",
    "fit",
    "ignore",
    "measure",
    "task_loss",
]
