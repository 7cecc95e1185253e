"""The target `quantum`: circuits in three modes; networks of integers are refused."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field

import numpy as np
import pytest

from chipsmith.chip import load_chip
from chipsmith.errors import BadInput
from chipsmith.frontends.registry import load_model
from chipsmith.targets import QuantumMode, TargetOptions, load_target
from chipsmith.targets.quantum import QuantumTarget

NANO = load_chip("nano-64")
FEATURES = np.zeros((2, 3), np.float32)


@dataclass
class RecordingModel:
    """Says how it was asked."""

    asked: list[tuple] = field(default_factory=list)

    def answer_exactly(self, features):
        self.asked.append(("exact",))
        return np.zeros((len(features), 2))

    def answer_with_shots(self, features, *, shots, seed):
        self.asked.append(("shots", shots, seed))
        return np.zeros((len(features), 2))

    def answer_with_noise(self, features, *, device, shots, seed):
        self.asked.append(("device", device, shots, seed))
        return np.zeros((len(features), 2))


@pytest.mark.parametrize(
    ("mode", "asked"),
    [
        (QuantumMode.EXACT, ("exact",)),
        (QuantumMode.SHOTS, ("shots", 50, 3)),
        (QuantumMode.DEVICE, ("device", "fez", 50, 3)),
    ],
)
def test_a_model_is_asked_in_the_mode_of_the_target(mode, asked):
    model = RecordingModel()
    (logits,) = QuantumTarget(mode=mode, shots=50, device="fez", seed=3).prepare_model(model).run(FEATURES)
    assert (model.asked, logits.shape) == ([asked], (2, 2))


def test_the_mode_is_an_option():
    assert load_target("quantum", NANO, TargetOptions(mode=QuantumMode.SHOTS)).mode is QuantumMode.SHOTS
    assert load_target("quantum", NANO).mode is QuantumMode.EXACT
    with pytest.raises(BadInput, match="target quantum does not take threads: it takes mode"):
        load_target("quantum", NANO, TargetOptions(threads=2))
    with pytest.raises(BadInput, match="target npu does not take mode"):
        load_target("npu", NANO, TargetOptions(mode=QuantumMode.SHOTS))


def test_a_network_of_integers_is_refused_with_what_there_is():
    network, target = load_model("tests/networks/digits_cnn.tosa"), load_target("quantum", NANO)
    (reason,) = target.refuses(network)
    assert "is a graph of integers; a quantum processor runs circuits: `chipsmith run digits_quantum`" in reason
    with pytest.raises(BadInput, match="a quantum processor runs circuits"):
        target.prepare(network)


def test_each_missing_package_is_named_with_the_extra(monkeypatch):
    whole = importlib.util.find_spec
    monkeypatch.setattr(
        "chipsmith.targets.quantum.find_spec", lambda name: None if name == "qiskit_aer" else whole(name)
    )
    missing = QuantumTarget().missing()
    assert [(part.name, part.mend) for part in missing] == [("qiskit-aer", "pip install 'chipsmith[quantum]'")]
