"""A design's network, as it leaves a search: weights, integer graph and deployment; and the test part's verdict."""

from __future__ import annotations

from pathlib import Path

from chipsmith.deployment.deployment import Deployment
from chipsmith.files import make_folder, write_whole
from chipsmith.frontends.layout import Border
from chipsmith.learn.functions import functions_of
from chipsmith.learn.trained_file import load_trained
from chipsmith.studies.search.accuracy import int8_accuracy
from chipsmith.studies.search.recipe_networks import RecipeNetwork
from chipsmith.tosa.file import serialize_tosa

WINNER = "winner"
"""The folder of a study in which a search puts its winner's networks, before they are copied to the top."""


def hand_over(network: RecipeNetwork, trained: Path, place: Path, *, border: Border) -> float:
    """Write the network of the file `trained` to the folder `place`; gives its int8 accuracy on the test part.

    `border` is that of the design. The files are those of `handed_files`.
    """
    module = load_trained(trained, allow=functions_of(network.recipe.network)).module
    quantised, metric = int8_accuracy(module, network.recipe, network.dataset, network.dataset.test, border=border)
    deployment = Deployment.of_recipe(network.recipe, network.dataset, quantised).model_dump_json(indent=1)
    contents = (trained.read_bytes(), serialize_tosa(quantised.graph), f"{deployment}\n".encode())
    make_folder(place)
    for file, content in zip(handed_files(network), contents, strict=True):
        write_whole(place / file, content)
    return metric.value


def handed_files(network: RecipeNetwork) -> tuple[str, ...]:
    """The names of the files of a network that is handed over: weights, integer graph, deployment."""
    return tuple(f"{network.name}.{form}" for form in ("safetensors", "tosa", "deployment.json"))
