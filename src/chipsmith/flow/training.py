"""The first stage of a run, and the whole of `train`: a recipe's network, trained, resumable, kept in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from chipsmith.chip import parse_overrides
from chipsmith.errors import BadInput
from chipsmith.flow.results import Trained
from chipsmith.flow.run_folder import CHECKPOINT, TRAINED, choose_folder, make_folder
from chipsmith.learn import Dataset, Recipe, TrainedNetwork, load_recipe, predict, save_trained, train
from chipsmith.learn.progress import Progress
from chipsmith.learn.training.processes import processes
from chipsmith.learn.validation import evaluate


def read_job(
    recipe: str | Path | Recipe, *, settings: Sequence[str] = (), network: str | None = None, seed: int | None = None
) -> tuple[Recipe, list[str]]:
    """The recipe with what the command line changes of it, and the settings that are of the chip.

    A setting whose first word is a field of a recipe is the recipe's; `network` names a function of one's own.
    """
    chip_settings = [setting for setting in settings if _section(setting) not in Recipe.model_fields]
    changes = [setting for setting in settings if _section(setting) in Recipe.model_fields]
    parse_overrides(settings)
    if network is not None:
        changes += ["network.kind=function", f"network.function={network}"]
    if seed is not None:
        changes.append(f"seed={seed}")
    if isinstance(recipe, Recipe):
        if changes:
            raise BadInput("settings change a recipe that is named; change a Recipe with model_copy")
        return recipe, chip_settings
    return load_recipe(recipe, changes), chip_settings


def train_in(folder: Path, recipe: Recipe, data: Dataset, *, resume: bool, progress: Progress) -> TrainedNetwork:
    """Train with a checkpoint in the folder; one that an interrupted training left there needs `resume`."""
    checkpoint = folder / CHECKPOINT
    if checkpoint.exists() and not resume:
        raise BadInput(
            f"{folder} holds a training that was interrupted: --resume goes on with it, another --out begins anew"
        )
    make_folder(folder)
    with progress.training(recipe.training.epochs) as on_epoch:
        return train(recipe, data, checkpoint=checkpoint, on_epoch=on_epoch)


def train_recipe(recipe: Recipe, *, out: Path | None, resume: bool, progress: Progress) -> Trained:
    """Train, judge in float on the test part, and write the weights; under torchrun the first process writes."""
    folder = choose_folder(out, f"{recipe.name}-{recipe.seed}")
    data = recipe.load_data()
    trained = train_in(folder, recipe, data, resume=resume, progress=progress)
    metrics = evaluate(
        partial(predict, trained.module),
        data.test,
        data.task,
        resamples=recipe.validation.bootstrap,
        scaling=data.target_scaling,
    )
    path = folder / TRAINED
    if processes().leads:
        save_trained(trained, path)
        (folder / CHECKPOINT).unlink(missing_ok=True)
    return Trained(training=trained.training, metrics=metrics, path=path)


def _section(setting: str) -> str:
    return setting.partition("=")[0].partition(".")[0].strip()
