"""Trained quantum networks, measured exactly, with many shots and with noise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.svm import SVC

from chipsmith.errors import BadInput
from chipsmith.learn import load_recipe, train
from chipsmith.learn.quantum_models import as_quantum_model
from chipsmith.quantum.qnode import measure_expectations, measure_states

for package in ("torch", "pennylane", "qiskit_aer", "qiskit_ibm_runtime"):
    pytest.importorskip(package)

IRISES = ["data={kind: sklearn, name: iris}", "principal_components=3"]
CLASSIFIER = ["network={kind: quantum_classifier, qubits: 3, layers: 2}", "training.epochs=2"]
MACHINE = [
    "network={kind: quantum_kernel, qubits: 3, layers: 2, bandwidths: [0.7], penalties: [3]}",
    "training={epochs: 1}",
]


@pytest.fixture(scope="module")
def data():
    return load_recipe("digits_quantum", [*IRISES, *CLASSIFIER]).load_data()


@pytest.fixture(scope="module")
def classifier(data):
    return as_quantum_model(train(load_recipe("digits_quantum", [*IRISES, *CLASSIFIER]), data), data)


@pytest.fixture(scope="module")
def machine(data):
    return as_quantum_model(train(load_recipe("digits_quantum", [*IRISES, *MACHINE]), data), data)


def test_a_classifier_reads_pennylanes_expectations(classifier, data):
    features = data.test.whole().inputs
    expectations = measure_expectations(classifier.circuit, classifier.angles(features))
    weight, bias = (parameter.detach().numpy() for parameter in classifier.module.head.parameters())
    assert np.allclose(classifier.answer_exactly(features), expectations @ weight.T + bias, atol=1e-5)


def test_a_machine_is_scikit_learns_on_pennylanes_states(machine, data):
    train_part, test = data.train.whole(), data.test.whole()
    known, new = (measure_states(machine.circuit, machine.angles(part.inputs)) for part in (train_part, test))
    own, other = (np.abs(states.conj() @ known.T) ** 2 for states in (known, new))
    witness = SVC(C=3, kernel="precomputed").fit(own, train_part.targets)
    decisions = machine.answer_exactly(test.inputs) / float(machine.module.sharpness)
    assert np.allclose(decisions, witness.decision_function(other), atol=1e-3)


@pytest.mark.parametrize("name", ["classifier", "machine"])
def test_many_shots_come_near_the_exact_answers(name, request, data):
    model, features = request.getfixturevalue(name), data.test.whole().inputs
    exact, many, few = (
        model.answer_exactly(features),
        model.answer_with_shots(features, shots=1_000_000, seed=0),
        model.answer_with_shots(features, shots=20, seed=0),
    )
    assert np.abs(many - exact).mean() < np.abs(few - exact).mean() / 5
    assert np.array_equal(many, model.answer_with_shots(features, shots=1_000_000, seed=0))


def test_noise_changes_answers_and_a_seed_repeats_them(classifier, data):
    features = data.test.first(4).whole().inputs
    first, again = (classifier.answer_with_noise(features, device="fez", shots=100, seed=1) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.allclose(first, classifier.answer_exactly(features))


def test_a_machine_is_fitted_anew_on_the_first_examples(machine, data):
    few = machine.on_first(30)
    part, test = data.train.first(30).whole(), data.test.whole()
    known, new = (few.states(batch.inputs) for batch in (part, test))
    witness = SVC(C=3, kernel="precomputed").fit(np.abs(known.conj() @ known.T) ** 2, part.targets)
    assert np.array_equal(few.answer_exactly(test.inputs).argmax(1), witness.predict(np.abs(new.conj() @ known.T) ** 2))
    assert machine.on_first(30).count_circuits().fit == math.comb(30, 2)


def test_a_classifier_is_as_it_is_on_the_first_examples(classifier, data):
    assert classifier.on_first(30) is classifier
    counts = classifier.count_circuits()
    assert counts.answer == 1
    assert counts.fit == 2 * len(data.train) * 2 * (2 * 3 * 3)  # epochs, examples, shifts, angles


def test_another_network_is_no_quantum_model(data):
    trained = train(load_recipe("digits_quantum", [*IRISES, "network.kind=mlp", "training.epochs=1"]), data)
    with pytest.raises(BadInput, match="is no quantum network, but mlp"):
        as_quantum_model(trained, data)
