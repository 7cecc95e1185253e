"""`compress`: a recipe's network, trained or taken from the folder, its compression for a chip, and the page of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chipsmith.chip import Chip
from chipsmith.errors import BadInput
from chipsmith.files import write_whole
from chipsmith.flow.inspection import load_for_training
from chipsmith.flow.run_files import CHECKPOINT, PAGE, RESULT, TRAINED
from chipsmith.flow.run_folder import choose_folder, sole_work
from chipsmith.flow.training import train_in
from chipsmith.learn.compression.variants import CompressionContext
from chipsmith.learn.data import Dataset, Task
from chipsmith.learn.data.fingerprint import hash_parts
from chipsmith.learn.functions import functions_of
from chipsmith.learn.progress import Progress
from chipsmith.learn.recipe import Recipe
from chipsmith.learn.trained import identify
from chipsmith.learn.trained_file import load_trained, save_trained
from chipsmith.learn.training.identity import bit_versions
from chipsmith.reports.compression import render_compression
from chipsmith.schema import Json
from chipsmith.shown import Pictured
from chipsmith.studies.compression import CompressionStudy
from chipsmith.studies.folder import CompressionFolder
from chipsmith.studies.methods import CompressionSettings
from chipsmith.studies.result import Compression

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class Compressed(Pictured):
    """A compression, and the folder that it left."""

    result: Compression
    folder: Path

    def _brief(self) -> str:
        return f"{self.result._brief()}; in {self.folder}"

    @property
    def failure(self) -> str:
        """Why no network is within the budget; empty where one is."""
        return "" if self.result.met else self.result.shortfall

    def to_json(self) -> Json:
        """The object of `chipsmith compress --json`: result.json without the record."""
        plain = self.result.to_plain()
        del plain["record"]
        return {**plain, "host": {"folder": str(self.folder)}}


def compress_recipe(
    recipe: Recipe, chip: Chip, settings: CompressionSettings, *, out: Path | None, progress: Progress
) -> Compressed:
    """Train the recipe's network, or take it from the folder, and compress it for `chip`.

    `out` is the folder, default runs/compress-NAME-CHIP-SEED. Raises BadInput where the task cannot be judged or the
    folder is another compression's.
    """
    if recipe.training.privacy is not None:
        raise BadInput(
            f"recipe {recipe.name} is private, and each smaller network would be trained on the same examples again, "
            "which its epsilon does not count: choose the structure on public data, then train it privately"
        )
    path = choose_folder(out, f"compress-{recipe.name}-{chip.name}-{recipe.seed}")
    with sole_work(path):
        return _compress(recipe, chip, settings, path=path, progress=progress)


def _compress(
    recipe: Recipe, chip: Chip, settings: CompressionSettings, *, path: Path, progress: Progress
) -> Compressed:
    data = load_for_training(recipe, progress).data
    if data.task is Task.GENERATION:
        raise BadInput(f"recipe {recipe.name}: compression takes networks whose answer can be judged, not generation")
    epochs = max(1, settings.epochs or recipe.training.epochs)
    folder = CompressionFolder(path, identity=_identity(recipe, chip, epochs, data))
    module = _train_or_load(recipe, data, path, progress)
    context = CompressionContext(recipe=recipe, dataset=data, chip=chip, module=module, epochs=epochs)
    result = CompressionStudy(context, settings, folder, progress).run()
    progress.stage("write the report")
    folder.copy_to_top(result.chosen or result.nearest)
    write_whole(path / RESULT, (json.dumps(result.to_plain(), indent=1) + "\n").encode())
    write_whole(path / PAGE, render_compression(result).encode())
    return Compressed(result=result, folder=path)


def _identity(recipe: Recipe, chip: Chip, epochs: int, data: Dataset) -> Json:
    """What every candidate depends on."""
    return {
        "recipe": recipe.model_dump(mode="json", exclude={"description", "chip"}),
        "chip": f"{chip.name}, sha256 {chip.sha256}",
        "epochs of a small network": epochs,
        "data": hash_parts(data),
        "versions": bit_versions(data),
        "network's code or first weights": identify(recipe, data).key(),
    }


def _train_or_load(recipe: Recipe, data: Dataset, folder: Path, progress: Progress) -> torch.nn.Module:
    """The network to begin with; one that the folder holds is not trained again."""
    file = folder / TRAINED
    if file.exists():
        stored = load_trained(file, allow=functions_of(recipe.network))
        if stored.training.recipe != recipe.model_copy(update={"network": recipe.network_for(data)}):
            raise BadInput(f"{file} is of another recipe; name another folder with --out, or remove it")
        return stored.module
    progress.stage("train")
    trained = train_in(folder, recipe, data, resume=True, progress=progress)
    save_trained(trained, file)
    (folder / CHECKPOINT).unlink(missing_ok=True)
    return trained.module
