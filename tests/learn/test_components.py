"""Inputs reduced to their principal components, held to scikit-learn's."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image
from sklearn.decomposition import PCA

from chipsmith.errors import BadInput
from chipsmith.learn import Task, load_recipe
from chipsmith.learn.components import as_components
from chipsmith.learn.data import DigitsData, GroupedExamples
from chipsmith.learn.preprocessing import Preprocessing, PrincipalComponents


def test_components_are_those_of_scikit_learn():
    values = np.random.default_rng(0).normal(size=(60, 3, 4)) * np.arange(1, 13).reshape(3, 4)
    witness = PCA(5, svd_solver="full").fit(values.reshape(60, 12))
    step = PrincipalComponents.fit(values, count=5)
    expected = witness.transform(values.reshape(60, 12))
    signs = np.sign((np.array(step.directions) * witness.components_).sum(axis=1))
    assert np.allclose(step.apply(values), expected * signs, atol=1e-5)


def test_an_examples_bits_do_not_depend_on_those_beside_it():
    values = np.random.default_rng(1).normal(size=(300, 40)).astype(np.float32)
    step = PrincipalComponents.fit(values, count=8)
    together = step.apply(values)
    assert all(np.array_equal(step.apply(values[index : index + 1])[0], together[index]) for index in range(300))


def test_the_training_part_alone_says_the_components(toy):
    data = toy(Task.CLASSIFICATION)
    reduced = as_components(data, 3)
    inputs = reduced.train.whole().inputs
    assert (reduced.input_shape, inputs.shape, inputs.dtype) == ((3,), (48, 3), np.float32)
    assert np.allclose(inputs.mean(axis=0), 0, atol=1e-5)
    assert np.allclose(inputs.std(axis=0), 1, atol=1e-5)
    other = dataclasses.replace(data, test=data.test.first(2), validation=data.validation.first(2))
    assert np.array_equal(as_components(other, 3).train.whole().inputs, inputs)


def test_a_raw_image_gives_the_inputs_that_training_saw(tmp_path):
    raw = DigitsData(classes=(3, 8)).load(seed=0).test.first(1).whole().inputs[0, 0]
    Image.fromarray(np.rint(raw * 255).astype(np.uint8)).save(tmp_path / "digit.png")
    settings = ["data.classes=[3, 8]", "principal_components=8"]
    reduced = load_recipe("digits", settings).load_data()
    stored = Preprocessing.model_validate(reduced.preprocessing.model_dump(mode="json"))
    assert np.array_equal(stored.apply(tmp_path / "digit.png"), reduced.test.first(1).whole().inputs[0])


def test_groups_stay(toy):
    data = toy(Task.CLASSIFICATION)
    grouped = GroupedExamples(examples=data.train, all_groups=np.arange(48) // 4)
    reduced = as_components(dataclasses.replace(data, train=grouped), 2)
    assert np.array_equal(reduced.train.groups, np.arange(48) // 4)


def test_more_components_than_there_are_are_refused(toy):
    with pytest.raises(BadInput, match="7 principal components are asked for; 48 examples of 6 values have 6"):
        as_components(toy(Task.CLASSIFICATION), 7)


def test_tokens_have_none(toy):
    with pytest.raises(BadInput, match="tokens have no principal components"):
        as_components(toy(Task.LANGUAGE), 2)


def test_directions_of_another_length_are_refused():
    with pytest.raises(ValueError, match="a direction has other than 2 numbers"):
        PrincipalComponents(mean=(0.0, 0.0), directions=((1.0,),))
