"""Kernel machines, held to scikit-learn's own, and the choice of their hyper-parameters."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from sklearn.svm import SVC

from chipsmith.errors import BadInput
from chipsmith.learn import Task, load_recipe, load_trained, predict, save_trained, train
from chipsmith.learn.data import ArrayExamples
from chipsmith.learn.networks import RbfKernel
from chipsmith.learn.training.machines import fit_pairs

MACHINE = ["network={kind: rbf_kernel, bandwidths: [0.3, 0.6], penalties: [1, 10]}", "training={epochs: 1}"]


@pytest.fixture
def data(toy):
    return toy(Task.CLASSIFICATION)


def recipe(*settings: str):
    return load_recipe("digits", [*MACHINE, *settings])


def of_two_classes(data):
    """The toy data with its classes 0 and 1 alone."""
    parts = {}
    for name in ("train", "validation", "test"):
        batch = getattr(data, name).whole()
        kept = batch.targets < 2
        parts[name] = ArrayExamples(inputs=batch.inputs[kept], all_targets=batch.targets[kept])
    return dataclasses.replace(data, class_names=("a", "b"), **parts)


@pytest.mark.parametrize("classes", [2, 3])
def test_logits_are_scikit_learns_decisions(data, classes):
    data = of_two_classes(data) if classes == 2 else data
    machine = train(recipe(), data)
    best = max(machine.training.candidates, key=lambda candidate: candidate.accuracy)
    inputs, test = data.train.whole().inputs, data.test.whole().inputs
    witness = SVC(C=best.penalty, gamma=best.bandwidth**2).fit(inputs, data.train.targets)
    decisions = witness.decision_function(test)
    logits = predict(machine.module, test) / float(machine.module.sharpness)
    if classes == 2:
        decisions = np.stack([-decisions, decisions], axis=1)
    assert np.allclose(logits, decisions, atol=1e-4)


def test_the_validation_part_chooses(data):
    machine = train(recipe(), data)
    tried = machine.training.candidates
    assert [(candidate.bandwidth, candidate.penalty) for candidate in tried] == [
        (0.3, 1.0),
        (0.3, 10.0),
        (0.6, 1.0),
        (0.6, 10.0),
    ]
    for candidate in tried:
        witness = SVC(C=candidate.penalty, gamma=candidate.bandwidth**2).fit(*pair(data.train))
        assert candidate.accuracy == pytest.approx(witness.score(*pair(data.validation)))
    first = next(row for row in tried if row.accuracy == max(other.accuracy for other in tried))
    assert float(machine.module.bandwidth) == pytest.approx(first.bandwidth)


def pair(part):
    batch = part.whole()
    return batch.inputs, batch.targets


def test_a_fit_is_an_epoch_of_its_own(data):
    seen = []
    history = train(recipe(), data, on_epoch=seen.append).training.history
    assert [epoch.number for epoch in history.epochs] == [1]
    assert seen == list(history.epochs)


def test_no_other_sharpness_has_a_lower_cross_entropy(data):
    machine = train(recipe(), data)
    inputs, labels = pair(data.validation)
    logits, targets = torch.tensor(predict(machine.module, inputs)), torch.tensor(labels)
    losses = [float(torch.nn.functional.cross_entropy(factor * logits, targets)) for factor in (0.7, 1.0, 1.4)]
    assert min(losses) == losses[1]


def test_a_machine_is_kept_and_restored_with_its_support_vectors(data, tmp_path):
    machine = train(recipe(), data)
    save_trained(machine, tmp_path / "machine.safetensors")
    restored = load_trained(tmp_path / "machine.safetensors")
    test = data.test.whole().inputs
    assert np.array_equal(predict(restored.module, test), predict(machine.module, test))
    assert restored.training == machine.training


def test_before_its_fit_a_machine_has_no_support():
    module = RbfKernel().build(input_shape=(4,), outputs=3)
    assert (len(module.vectors), module(torch.zeros(2, 4)).shape) == (0, (2, 3))


def test_more_than_an_epoch_is_refused(data):
    with pytest.raises(BadInput, match=r"a kernel machine is fitted in a single epoch: training\.epochs=1"):
        train(recipe("training.epochs=2"), data)


def test_values_have_no_classes_to_tell_apart(toy):
    with pytest.raises(BadInput, match="a kernel machine tells classes apart; the task of toy is regression"):
        train(recipe(), toy(Task.REGRESSION))


@pytest.mark.parametrize("kind", ["rbf_kernel", "quantum_kernel", "quantum_classifier"])
def test_images_are_refused_with_what_makes_features_of_them(kind):
    network = load_recipe("digits", [f"network.kind={kind}"]).network
    with pytest.raises(BadInput, match=rf"{kind}' takes examples of features, not .*principal_components=8"):
        network.build(input_shape=(1, 28, 28), outputs=10)


def test_pairs_agree_with_scikit_learns_votes():
    drawn = np.random.default_rng(3)
    inputs, labels = drawn.normal(size=(80, 5)), np.arange(80) % 4
    kernel = np.exp(-((inputs[:, None] - inputs[None]) ** 2).sum(-1) / 5)
    machines = fit_pairs(kernel, labels, penalty=2.0)
    margins = kernel[:, machines.support] @ machines.weights + machines.intercepts
    witness = SVC(C=2.0, kernel="precomputed", decision_function_shape="ovo").fit(kernel, labels)
    assert np.allclose(margins, witness.decision_function(kernel))
