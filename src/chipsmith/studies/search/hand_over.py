"""The winner's network, as it leaves a search: weights, integer graph and deployment; and the test part's verdict."""

from __future__ import annotations

from pathlib import Path

from chipsmith.deployment.deployment import Deployment
from chipsmith.files import write_whole
from chipsmith.frontends.layout import Border
from chipsmith.learn.trained_file import load_trained
from chipsmith.studies.search.accuracy import int8_accuracy
from chipsmith.studies.search.recipe_networks import RecipeNetwork
from chipsmith.tosa.file import serialize_tosa


def hand_over(network: RecipeNetwork, trained: Path, folder: Path, *, border: Border) -> float:
    """Write the network of the file `trained` to the top of a study's folder; gives its int8 accuracy on the test part.

    `border` is that of the winner. The files are NAME.safetensors, NAME.tosa and NAME.deployment.json, as the recipe is
    called.
    """
    module = load_trained(trained).module
    quantised, metric = int8_accuracy(module, network.recipe, network.dataset, network.dataset.test, border=border)
    deployment = Deployment.of(network.dataset, quantised).model_dump_json(indent=1)
    contents = (trained.read_bytes(), serialize_tosa(quantised.graph), f"{deployment}\n".encode())
    for file, content in zip(handed_files(network, folder), contents, strict=True):
        write_whole(file, content)
    return metric.value


def handed_files(network: RecipeNetwork, folder: Path) -> tuple[Path, ...]:
    """The files that `hand_over` writes."""
    return tuple(folder / f"{network.name}.{form}" for form in ("safetensors", "tosa", "deployment.json"))
