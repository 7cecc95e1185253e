"""A changed network of a run is trained by a field of its recipe: one whose network has the same channels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import chipsmith
from chipsmith.flow.explain import Explanation
from chipsmith.flow.retraining import with_training
from chipsmith.learn.recipe import change_fields, load_recipe
from chipsmith.learn.trained import Training
from chipsmith.reports.advice_text import UNTRAINED, remedy_sentence, training_command
from chipsmith.studies.advice.record import Remedy
from chipsmith.tosa.passes.channels import output_channels

SHAPE = (1, 28, 28)


def training_of(*settings: str) -> Training:
    """What a run of the digits keeps of its training, as far as its network's shapes go."""
    recipe = change_fields(load_recipe("digits"), settings)
    return Training.model_construct(recipe=recipe, input_shape=SHAPE, outputs=10)


def explained(training: Training, *channels: str) -> Explanation:
    torch.manual_seed(0)
    module = training.recipe.network.build(input_shape=SHAPE, outputs=10).eval()
    images = np.random.default_rng(0).uniform(0, 1, (8, *SHAPE)).astype(np.float32)
    return chipsmith.explain(module, calibration=images, channels=list(channels))


@pytest.fixture(scope="module")
def digits() -> Explanation:
    return explained(training_of())


def changes(explanation: Explanation, training: Training) -> dict[str, Remedy]:
    assert explanation.graph is not None
    advice = with_training(explanation.advice, explanation.graph, explanation.operator_names, training)
    return {remedy.channels[0].name: remedy for remedy in advice.networks}


def test_the_field_builds_the_network_that_was_simulated(digits: Explanation) -> None:
    by_layer = changes(digits, training_of())
    assert by_layer["features.conv2"].retrain == ("network.channels=[16,16]",)
    for remedy in by_layer.values():
        (change,) = remedy.channels
        trained = explained(training_of(*remedy.retrain))
        assert trained.graph is not None
        assert trained.advice.figures.cold_cycles == remedy.after.cold_cycles
        assert output_channels(trained.graph, change.layer) == change.after


def test_a_field_with_the_same_number_of_another_layer_is_not_taken() -> None:
    training = training_of("network.channels=[32,32]", "network.dense=[32]")
    by_layer = changes(explained(training), training)
    assert by_layer["features.conv2"].retrain == ("network.channels=[32,16]",)
    assert by_layer["dense1"].retrain == ("network.dense=[16]",)


def test_a_recipe_of_another_network_trains_none_of_it(digits: Explanation) -> None:
    assert all(not remedy.retrain for remedy in changes(digits, training_of("network.channels=[16,40]")).values())


def test_the_command_names_the_recipe_and_without_one_the_source_is_to_be_changed(digits: Explanation) -> None:
    remedy = changes(digits, training_of())["features.conv2"]
    subject = replace(digits.advice.subject, chip="chip.yaml", recipe="recipe.yaml")
    advice = replace(digits.advice, subject=subject)
    assert training_command(advice, remedy) == (
        "chipsmith run recipe.yaml --chip chip.yaml --set 'network.channels=[16,16]'"
    )
    assert remedy_sentence(advice, remedy).endswith(f"{UNTRAINED}.")
    assert training_command(digits.advice, remedy) == ""
    assert f"{UNTRAINED} with so many in its source" in remedy_sentence(digits.advice, remedy)
