"""Learning: data sets, networks, training with a verdict on its curves, and the measures of a classifier."""

from chipsmith.learn.augmentation import Augmentation
from chipsmith.learn.data.labelled_images import DIGITS_SPLIT, Dataset, Examples, SplitSizes, load_digits
from chipsmith.learn.evaluate import classify, evaluate, predict_logits
from chipsmith.learn.metrics import Accuracy, Interval, accuracy, class_accuracies, confusion_matrix, wilson_interval
from chipsmith.learn.networks import DigitsCNN
from chipsmith.learn.progress import epoch_bar
from chipsmith.learn.train import DIGITS_RECIPE, OnEpoch, Recipe, TrainedNetwork, Training, train, train_digits
from chipsmith.learn.trained_file import load_trained, save_trained
from chipsmith.learn.verdict import Epoch, Fit, Verdict, judge

__all__ = [
    "DIGITS_RECIPE",
    "DIGITS_SPLIT",
    "Accuracy",
    "Augmentation",
    "Dataset",
    "DigitsCNN",
    "Epoch",
    "Examples",
    "Fit",
    "Interval",
    "OnEpoch",
    "Recipe",
    "SplitSizes",
    "TrainedNetwork",
    "Training",
    "Verdict",
    "accuracy",
    "class_accuracies",
    "classify",
    "confusion_matrix",
    "epoch_bar",
    "evaluate",
    "judge",
    "load_digits",
    "load_trained",
    "predict_logits",
    "save_trained",
    "train",
    "train_digits",
    "wilson_interval",
]
