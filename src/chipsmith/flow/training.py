"""The first stage of a run, and the whole of `train`: a recipe's network, trained, resumable, kept in a folder."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from chipsmith.chip import Chip, parse_overrides
from chipsmith.chip.fields import field_rows
from chipsmith.chip.reading import CHIP_PREFIX
from chipsmith.errors import BadInput
from chipsmith.files import make_folder
from chipsmith.flow.inspection import load_for_training
from chipsmith.flow.results import TrainResult
from chipsmith.flow.run_files import CHECKPOINT, TRAINED
from chipsmith.flow.run_folder import choose_folder, sole_work
from chipsmith.flow.tracking.tracked import tracked
from chipsmith.flow.tracking.tracker import TrackerKind
from chipsmith.learn import Dataset, Recipe, TrainedNetwork, load_recipe, predict, save_trained, train
from chipsmith.learn.progress import Progress
from chipsmith.learn.recipe import change_fields, nearest_recipe_field, parse_recipe
from chipsmith.learn.training.processes import processes
from chipsmith.learn.validation import evaluate

RECIPE_PREFIX = "recipe."
"""Before a field of a recipe where a setting may be of a chip too."""


def read_job(
    recipe: str | Path | Recipe,
    *,
    settings: Sequence[str] = (),
    network: str | None = None,
    seed: int | None = None,
    allow: Collection[str] = (),
) -> tuple[Recipe, list[str]]:
    """The recipe with what the command line changes of it, and the settings that are of the chip, for verbs of both.

    A setting whose first word is a field of a recipe is the recipe's, every other the chip's; "recipe." or "chip."
    before the field says it too, and has to where both have the field (`name`). `network` names a function of one's
    own; `allow` those that the recipe's file may name. Raises BadInput.
    """
    parse_overrides(settings)
    for setting in settings:
        _refuse_ambiguous(setting)
    chip_settings = [setting for setting in settings if not _is_recipes(setting)]
    recipe_settings = [setting for setting in settings if _is_recipes(setting)]
    for setting in chip_settings:
        if not setting.strip().startswith(CHIP_PREFIX) and _section(setting) not in Chip.model_fields:
            raise BadInput(f"setting {setting}: {_no_field(setting, [row.path for row in field_rows()])}")
    return change_recipe(recipe, settings=recipe_settings, network=network, seed=seed, allow=allow), chip_settings


def change_recipe(
    recipe: str | Path | Recipe,
    *,
    settings: Sequence[str] = (),
    network: str | None = None,
    seed: int | None = None,
    allow: Collection[str] = (),
) -> Recipe:
    """The recipe with its fields replaced by settings, such as "training.epochs=3", by a network and by a seed.

    `allow` as in load_recipe, of a recipe that is named. Raises BadInput for a setting of something else.
    """
    return _change(recipe, _list_changes(settings, network, seed), partial(load_recipe, allow=allow))


def read_data_recipe(recipe: str | Path | Recipe, *, settings: Sequence[str] = (), seed: int | None = None) -> Recipe:
    """As change_recipe, for who looks at the data alone and never builds the network: it may be any function."""
    return _change(recipe, _list_changes(settings, None, seed), parse_recipe)


def _list_changes(settings: Sequence[str], network: str | None, seed: int | None) -> list[str]:
    changes = [setting.strip().removeprefix(RECIPE_PREFIX) for setting in settings]
    for setting in changes:
        if "=" in setting and not _is_recipes(setting):
            raise BadInput(f"setting {setting}: {_no_field(setting, ())}")
    if network is not None:
        changes += ["network.kind=function", f"network.function={network}"]
    if seed is not None:
        changes.append(f"seed={seed}")
    return changes


def _change(
    recipe: str | Path | Recipe, changes: Sequence[str], load: Callable[[str | Path, Sequence[str]], Recipe]
) -> Recipe:
    if not isinstance(recipe, Recipe):
        return load(recipe, changes)
    return change_fields(recipe, changes) if changes else recipe


def require_chip(recipe: Recipe, *, verb: str) -> str:
    """The chip that the recipe names. Raises BadInput for a quantum network, which `verb` cannot take."""
    if recipe.is_quantum or recipe.chip is None:
        raise BadInput(
            f"{verb} takes networks that run on a chip; {recipe.name} is a quantum network ({recipe.network.kind}): "
            "train and run take it"
        )
    return recipe.chip


def refuse_chip(recipe: Recipe, given: Mapping[str, bool]) -> None:
    """Raise BadInput for what is `given`, by the names of the options, of a chip that a quantum network has not."""
    foreign = [name for name, present in given.items() if present]
    if foreign:
        raise BadInput(
            f"{recipe.name} is a quantum network ({recipe.network.kind}) and compiles for no AI chip: "
            f"leave out {', '.join(foreign)}"
        )


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


def train_recipe(
    recipe: Recipe, *, out: Path | None, resume: bool, progress: Progress, tools: Sequence[TrackerKind] = ()
) -> TrainResult:
    """Train, judge in float on the test part, and write the weights; under torchrun the first process writes.

    `tools` are told of it.
    """
    folder = choose_folder(out, f"{recipe.name}-{recipe.seed}")
    with (
        sole_work(folder) if processes().leads else nullcontext(),
        tracked(tools, progress, folder=folder, recipe=recipe) as told,
    ):
        result = _train_recipe(folder, recipe, resume=resume, progress=told)
        told.finish(result)
    return result


def _train_recipe(folder: Path, recipe: Recipe, *, resume: bool, progress: Progress) -> TrainResult:
    inspected = load_for_training(recipe, progress)
    data = inspected.data
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
    return TrainResult(training=trained.training, metrics=metrics, path=path, data=inspected.report)


def _is_recipes(setting: str) -> bool:
    """Whether a setting is the recipe's: "chip=NAME" is, "chip.FIELD=..." is not."""
    setting = setting.strip()
    if setting.startswith((RECIPE_PREFIX, CHIP_PREFIX)):
        return setting.startswith(RECIPE_PREFIX)
    return _section(setting) in Recipe.model_fields


def _no_field(setting: str, chip_fields: Sequence[str]) -> str:
    """That there is no such field, and which one was meant."""
    who = "neither recipe nor chip has this field" if chip_fields else "a recipe has no such field"
    near = nearest_recipe_field(setting.partition("=")[0].strip(), chip_fields)
    if near:
        return f"{who}; did you mean {near}?"
    there = f"; a chip {', '.join(Chip.model_fields)}" if chip_fields else ""
    return f"{who}; a recipe has {', '.join(Recipe.model_fields)}{there}"


def _refuse_ambiguous(setting: str) -> None:
    field = setting.partition("=")[0].strip()
    if field in Recipe.model_fields and field in Chip.model_fields:
        forms = f"{RECIPE_PREFIX}{field}=... or {CHIP_PREFIX}{field}=..."
        raise BadInput(f"setting {field}: recipe and chip both have it: write {forms}")


def _section(setting: str) -> str:
    return setting.partition("=")[0].partition(".")[0].strip()
