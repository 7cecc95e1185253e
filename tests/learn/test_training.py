"""Training: reproducible to the bit, the best weights kept, clear errors."""

from __future__ import annotations

import dataclasses
import io
import subprocess
import sys

import numpy as np
import pytest

from chipsmith.errors import BadInput, CheckFailed
from chipsmith.learn import (
    DIGITS_RECIPE,
    DigitsCNN,
    Examples,
    Recipe,
    epoch_bar,
    evaluate,
    predict_logits,
    train,
)
from chipsmith.learn.evaluate import cross_entropy

torch = pytest.importorskip("torch")

SMALL = DigitsCNN(channels=(4, 4), dense=8)
BRIEF = dataclasses.replace(DIGITS_RECIPE, epochs=3, batch_size=32)


@pytest.fixture(scope="module")
def few(digits):
    return dataclasses.replace(digits, train=digits.train.first(320), validation=digits.validation.first(100))


def weights(module):
    return {name: tensor.numpy().tobytes() for name, tensor in module.state_dict().items()}


def test_the_same_seed_gives_the_same_bits(few):
    torch.manual_seed(1)
    first = train(SMALL, few, recipe=BRIEF, seed=5)
    torch.manual_seed(2)
    again = train(SMALL, few, recipe=BRIEF, seed=5)
    assert weights(first.module) == weights(again.module)
    assert first.training == again.training


def test_the_number_of_threads_changes_nothing(few):
    before = torch.get_num_threads()
    results = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        results.append(weights(train(SMALL, few, recipe=BRIEF, seed=5).module))
        assert torch.get_num_threads() == threads
    torch.set_num_threads(before)
    assert results[0] == results[1]


def test_another_seed_gives_another_network(few):
    runs = [train(SMALL, few, recipe=BRIEF, seed=seed) for seed in (0, 1)]
    assert weights(runs[0].module) != weights(runs[1].module)


def test_training_leaves_torchs_settings_and_generator_alone(few):
    torch.manual_seed(3)
    state = torch.random.get_rng_state()
    train(SMALL, few, recipe=BRIEF, seed=0)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert not torch.are_deterministic_algorithms_enabled()


def test_every_epoch_is_measured_and_told(few):
    told = []
    training = train(SMALL, few, recipe=BRIEF, seed=0, on_epoch=told.append).training
    assert tuple(told) == training.history
    assert [epoch.number for epoch in told] == [1, 2, 3]


def test_the_module_has_the_weights_of_its_best_epoch(overfit_training):
    network, few = overfit_training
    best = network.training.best_epoch
    assert best.number < len(network.training.history)
    assert best.validation_loss == min(epoch.validation_loss for epoch in network.training.history)
    logits = predict_logits(network.module, few.validation.images)
    assert cross_entropy(logits, few.validation.labels) == best.validation_loss
    assert evaluate(network.module, few.validation).value == best.validation_accuracy


def test_training_figures_are_without_dropout(few):
    network = train(SMALL, few, recipe=dataclasses.replace(BRIEF, epochs=1), seed=0)
    seen = few.train.first(len(few.validation))
    assert not network.module.training
    assert network.training.history[0].train_loss == cross_entropy(
        predict_logits(network.module, seen.images), seen.labels
    )


def test_cross_entropy_is_torchs():
    generator = np.random.default_rng(0)
    logits = (generator.normal(size=(50, 10)) * 20).astype(np.float32)
    labels = generator.integers(0, 10, 50)
    expected = torch.nn.functional.cross_entropy(torch.tensor(logits).double(), torch.tensor(labels)).item()
    assert cross_entropy(logits, labels) == pytest.approx(expected, rel=1e-12)


def test_three_epochs_read_unseen_digits(digits, short_training):
    assert evaluate(short_training.module, digits.test).interval.low > 0.92


def test_a_loss_that_is_no_number_stops_the_training(few):
    wild = dataclasses.replace(BRIEF, peak_learning_rate=1e30)
    with pytest.raises(CheckFailed, match=r"training failed in epoch 1: the loss is .*; lower the recipe's learning"):
        train(SMALL, few, recipe=wild, seed=0)


def test_a_network_for_other_images_is_refused(few):
    with pytest.raises(BadInput, match=r"images of \(1, 28, 28\) in 10 classes, the network takes \(3, 32, 32\)"):
        train(DigitsCNN(image_shape=(3, 32, 32)), few, recipe=BRIEF, seed=0)


@pytest.mark.parametrize(
    "change",
    [{"epochs": 0}, {"batch_size": 0}, {"peak_learning_rate": 0.0}, {"weight_decay": float("nan")}],
)
def test_a_recipe_that_cannot_train_is_refused(change):
    fields = {"epochs": 1, "batch_size": 1, "peak_learning_rate": 1e-3, "weight_decay": 0.0, "augmentation": None}
    with pytest.raises(BadInput, match="a training needs"):
        Recipe(**(fields | change))


def test_labels_are_not_needed_to_predict(digits, short_training):
    logits = predict_logits(short_training.module, digits.test.images[:7], batch=3)
    whole = predict_logits(short_training.module, digits.test.images[:7])
    assert logits.shape == (7, 10)
    np.testing.assert_allclose(logits, whole, rtol=1e-4, atol=1e-4)


def test_the_bar_shows_nothing_without_a_terminal(few):
    from rich.console import Console

    console = Console(file=io.StringIO(), force_terminal=False)
    with epoch_bar(epochs=3, console=console) as on_epoch:
        train(SMALL, few, recipe=BRIEF, seed=0, on_epoch=on_epoch)
    assert console.file.getvalue() == ""


def test_the_bar_shows_the_validation_on_a_terminal(short_training):
    from rich.console import Console

    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    with epoch_bar(epochs=3, console=console) as on_epoch:
        for epoch in short_training.training.history:
            on_epoch(epoch)
    last = short_training.training.history[-1]
    assert f"validation {last.validation_accuracy:.1%}" in console.file.getvalue()
    assert "3/3" in console.file.getvalue()


def test_importing_learning_does_not_import_torch():
    code = "import chipsmith.learn, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_examples_with_one_image_train():
    one = Examples(images=np.ones((1, 1, 4, 4), np.float32), labels=np.zeros(1, np.int64))
    from chipsmith.learn import Dataset

    dataset = Dataset(name="one", source="", class_names=("a", "b"), train=one, validation=one, test=one)
    network = DigitsCNN(image_shape=(1, 4, 4), classes=2, channels=(1, 1), dense=2)
    recipe = dataclasses.replace(BRIEF, epochs=2, augmentation=None)
    assert len(train(network, dataset, recipe=recipe, seed=0).training.history) == 2
