"""The winner's network, as it leaves a search: weights, integer graph and deployment; and the test part's verdict."""

from __future__ import annotations

from pathlib import Path

from chipsmith.deployment.deployment import Deployment
from chipsmith.files import write_whole
from chipsmith.learn.trained_file import load_trained
from chipsmith.studies.search.accuracy import int8_accuracy
from chipsmith.studies.search.recipe_networks import RecipeNetwork
from chipsmith.tosa.file import serialize_tosa


def hand_over(network: RecipeNetwork, trained: Path, folder: Path) -> float:
    """Write the network of the file `trained` to the top of a study's folder; gives its int8 accuracy on the test part.

    The files are NAME.safetensors, NAME.tosa and NAME.deployment.json, as the recipe is called.
    """
    module = load_trained(trained).module
    quantised, metric = int8_accuracy(module, network.recipe, network.dataset, network.dataset.test)
    write_whole(folder / f"{network.name}.safetensors", trained.read_bytes())
    write_whole(folder / f"{network.name}.tosa", serialize_tosa(quantised.graph))
    deployment = Deployment.of(network.dataset, quantised).model_dump_json(indent=1)
    write_whole(folder / f"{network.name}.deployment.json", f"{deployment}\n".encode())
    return metric.value
