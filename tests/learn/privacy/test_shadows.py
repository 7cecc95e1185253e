"""Who is trained on what: shadows, the recipe's pool, and the network that is overfitted on purpose."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from toy_data import toy_dataset

from chipsmith.errors import BadInput
from chipsmith.learn import load_recipe
from chipsmith.learn.data import Task
from chipsmith.learn.privacy.attacks import attack_network
from chipsmith.learn.privacy.shadows import (
    control_pool,
    overfitting,
    recipe_pool,
    require_shadows,
    train_shadow,
    without_privacy,
)
from chipsmith.learn.trained import train

pytest.importorskip("torch")
pytest.importorskip("scipy")


def test_the_pool_has_the_training_part_as_members_and_the_test_part_as_others():
    data = toy_dataset(Task.CLASSIFICATION)
    pool = recipe_pool(data)
    assert (pool.members.sum(), (~pool.members).sum()) == (len(data.train), len(data.test))
    assert np.array_equal(pool.trained_on(pool.members).train.whole().inputs, data.train.whole().inputs)


def test_each_shadow_is_as_large_as_the_attacked_and_leaves_out_others():
    pool = recipe_pool(toy_dataset(Task.CLASSIFICATION))
    chosen = pool.choose(16, seed=0)
    assert set(chosen.sum(axis=1)) == {pool.members.sum()}
    left_out = (~chosen).sum(axis=0)
    assert left_out.min() >= 2
    assert left_out.max() <= 6
    assert len({row.tobytes() for row in chosen}) == 16


def test_a_task_without_classes_is_refused():
    with pytest.raises(BadInput, match="the task of toy is regression: audit a recipe of the task classification"):
        recipe_pool(toy_dataset(Task.REGRESSION))
    with pytest.raises(BadInput, match="4 shadow networks or more, not 3"):
        require_shadows(3)


def test_the_attacks_see_an_overfitted_network(digits):
    """The positive control: 60 members, a third of whose labels are permuted, and 8 shadows."""
    recipe = overfitting(load_recipe("digits_private"))
    small = dataclasses.replace(digits, train=digits.train.first(120))
    pool = control_pool(small, seed=0)
    assert pool.members.sum() == 60
    assert 20 < (pool.examples.targets != control_labels(small)).sum() <= 36
    confidence = pool.confidences_of(train(recipe, pool.trained_on(pool.members)).module)
    assert (confidence[pool.members] > 0).all()
    chosen = pool.choose(8, seed=0)
    shadows = np.stack([train_shadow(recipe, pool, chosen, number) for number in range(8)])
    results = attack_network(confidence, pool.members, shadows=shadows, shadow_members=chosen)
    assert max(result.best.interval.low for result in results) > 0.1


def control_labels(data) -> np.ndarray:
    """The labels before some were permuted."""
    order = np.random.default_rng(0).permutation(len(data.train))
    return data.train.targets[order]


def test_without_privacy_all_else_stays():
    recipe = load_recipe("digits_private")
    plain = without_privacy(recipe)
    assert plain.training.privacy is None
    assert plain.training.model_copy(update={"privacy": recipe.training.privacy}) == recipe.training
