"""Variational classifiers: what their angles are, that they learn, and what they count."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.quantum.circuit import Entanglement, LayeredCircuit
from chipsmith.quantum.classifier import ClassifierSettings, build_classifier, feature_places

torch = pytest.importorskip("torch")

SETTINGS = ClassifierSettings(circuit=LayeredCircuit(qubits=3, layers=4), features=5, classes=2)


def build(settings: ClassifierSettings, *, seed: int = 0):
    torch.manual_seed(seed)
    return build_classifier(settings)


@pytest.mark.parametrize("entanglement", Entanglement)
def test_parameters_are_counted(entanglement):
    circuit = LayeredCircuit(qubits=3, layers=4, entanglement=entanglement)
    settings = ClassifierSettings(circuit=circuit, features=5, classes=2)
    trained = {name: weights.numel() for name, weights in build(settings).named_parameters()}
    assert trained["scales"] + trained["shifts"] == settings.circuit_parameters == 72
    assert trained["head.weight"] + trained["head.bias"] == settings.head_parameters == 8


def test_angles_are_scaled_and_shifted_features():
    module, features = build(SETTINGS), torch.arange(10.0).reshape(2, 5)
    places = feature_places(SETTINGS)
    angles = module.angles(features)
    assert angles.shape == (2, 4, 3, 3)
    expected = module.scales[2, 1, 0] * features[1, places[2, 1, 0]] + module.shifts[2, 1, 0]
    assert angles[1, 2, 1, 0].item() == pytest.approx(expected.item())


def test_every_qubit_sees_every_feature():
    places = feature_places(SETTINGS)
    assert all(set(places[:, qubit].ravel()) == set(range(5)) for qubit in range(3))


def test_seeds_decide_the_weights():
    assert torch.equal(build(SETTINGS).scales, build(SETTINGS).scales)
    assert not torch.equal(build(SETTINGS).scales, build(SETTINGS, seed=1).scales)


def test_a_circuit_learns_a_circle():
    """Two classes that no straight line divides: inside and outside of a circle."""
    features = torch.from_numpy(np.random.default_rng(0).uniform(-1, 1, (200, 2))).float()
    labels = (features.norm(dim=1) < 0.8).long()
    module = build(ClassifierSettings(circuit=LayeredCircuit(qubits=2, layers=3), features=2, classes=2))
    optimizer = torch.optim.Adam(module.parameters(), lr=0.05)
    for _ in range(60):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(module(features), labels).backward()
        optimizer.step()
    assert (module(features).argmax(dim=1) == labels).float().mean() > 0.9


@pytest.mark.parametrize(("features", "classes"), [(0, 2), (1, 1)])
def test_nothing_to_classify_is_refused(features, classes):
    with pytest.raises(BadInput, match="2 or more classes"):
        ClassifierSettings(circuit=SETTINGS.circuit, features=features, classes=classes)
