"""The networks of a design that is no winner, as they leave a search: trained in full when somebody asks for it."""

from __future__ import annotations

from pathlib import Path

from chipsmith.learn.elastic import subnetwork_recipe
from chipsmith.learn.progress import Progress
from chipsmith.studies.search.compiler_choices import border_of
from chipsmith.studies.search.design_space import network_values
from chipsmith.studies.search.finalists import FINALISTS, FullTrainings
from chipsmith.studies.search.hand_over import hand_over
from chipsmith.studies.search.network_shelf import TRAININGS
from chipsmith.studies.search.recipe_networks import RecipeNetwork
from chipsmith.studies.search.trainings import TRAINED, train_once
from chipsmith.studies.search.trials import DesignTrial

EXPORTED = "exported"
"""The folder of a study that has the full trainings of networks that were handed over and were no finalists."""


def hand_over_design(network: RecipeNetwork, trial: DesignTrial, study: Path, place: Path, progress: Progress) -> float:
    """Write the network of a design to `place`, as `hand_over`; what it comes from stands in the folder of the study.

    A structure that is no finalist is trained in full first, once, with the recipe's own seed. Gives the int8 accuracy
    on the test part.
    """
    return hand_over(network, _train(network, trial, study, progress), place, border=border_of(trial.values))


def _train(network: RecipeNetwork, trial: DesignTrial, study: Path, progress: Progress) -> Path:
    """The file of the trained network."""
    if network.elastic is None:
        return study / TRAININGS / network.name / TRAINED
    values, seed = network_values(trial.values), network.recipe.seed
    known = FullTrainings(study, network, progress).folder(values, seed)
    if (known / TRAINED).exists():
        return known / TRAINED
    folder = study / EXPORTED / known.relative_to(study / FINALISTS)
    recipe = subnetwork_recipe(network.recipe, network.elastic, network.elastic_values(values), seed=seed)
    train_once(recipe, network.dataset, folder, progress, stage=f"train in full: {known.parent.name}")
    return folder / TRAINED
