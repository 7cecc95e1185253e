"""Trainings of a study, each in a folder of its own: what is trained there once is not trained again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chipsmith.files import make_folder
from chipsmith.learn.data import Dataset
from chipsmith.learn.elastic.clock import EpochClock
from chipsmith.learn.functions import functions_of
from chipsmith.learn.progress import Progress
from chipsmith.learn.recipe import Recipe
from chipsmith.learn.trained import train
from chipsmith.learn.trained_file import load_trained, save_trained
from chipsmith.studies.search.json_files import write_json

if TYPE_CHECKING:
    import torch

TRAINED, TRAINING_TIME = "trained.safetensors", "cpu.json"
"""Of a training's folder: the network, and `cpu_s` and `epochs` of its training."""
CHECKPOINT = "checkpoint.pt"


def train_once(recipe: Recipe, dataset: Dataset, folder: Path, progress: Progress, *, stage: str) -> torch.nn.Module:
    """The network that a recipe trains, in evaluation mode; `stage` says what begins where it is not in the folder.

    An interrupted training goes on from the checkpoint in the folder. Raises as `train` and `load_trained`.
    """
    if not (folder / TRAINED).exists():
        make_folder(folder)
        progress.stage(stage)
        checkpoint = folder / CHECKPOINT
        clock = EpochClock(checkpoint)
        with progress.training(recipe.training.epochs) as on_epoch:
            trained = train(recipe, dataset, checkpoint=checkpoint, on_epoch=clock.timing(on_epoch))
        fields = {"cpu_s": clock.cpu_s, "epochs": len(trained.training.history.epochs)}
        write_json(folder / TRAINING_TIME, fields)
        save_trained(trained, folder / TRAINED)
        checkpoint.unlink(missing_ok=True)
    return load_trained(folder / TRAINED, allow=functions_of(recipe.network)).module
