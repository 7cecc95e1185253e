"""Learning: recipes that train a network on real data, with a verdict on its curves and figures that are sure."""

from chipsmith.learn.data import Dataset, Task
from chipsmith.learn.predict import predict
from chipsmith.learn.progress import epoch_bar
from chipsmith.learn.recipe import Recipe, load_calibration_part, load_recipe, recipe_schema, shipped_recipes
from chipsmith.learn.trained import TrainedNetwork, Training, build_module, train
from chipsmith.learn.trained_file import load_trained, save_trained
from chipsmith.learn.training import Epoch, History, Loss, OnEpoch, TrainingSettings, fit
from chipsmith.learn.validation import Fit, Metric, Metrics, Verdict, evaluate

__all__ = [
    "Dataset",
    "Epoch",
    "Fit",
    "History",
    "Loss",
    "Metric",
    "Metrics",
    "OnEpoch",
    "Recipe",
    "Task",
    "TrainedNetwork",
    "Training",
    "TrainingSettings",
    "Verdict",
    "build_module",
    "epoch_bar",
    "evaluate",
    "fit",
    "load_calibration_part",
    "load_recipe",
    "load_trained",
    "predict",
    "recipe_schema",
    "save_trained",
    "shipped_recipes",
    "train",
]
