"""A trained network in a file: back to the bit, and one clear message for a file that is none."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.learn import load_trained, predict, save_trained

torch = pytest.importorskip("torch")


@pytest.fixture
def saved(short_training, tmp_path):
    path = tmp_path / "digits.safetensors"
    save_trained(short_training, path)
    return path


def rewrite(path, change=None, weights=None):
    """The file with another description or other weights, by safetensors alone."""
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    with safe_open(path, framework="pt") as stored:
        description = json.loads(stored.metadata()["chipsmith.training"])
    description.pop("sha256", None)  # as a file of an earlier version, so that the other checks are reached
    if change:
        change(description)
    tensors = load_file(path)
    save_file(tensors | (weights or {}), path, metadata={"chipsmith.training": json.dumps(description)})
    return path


def training(description):
    return description["training"]["recipe"]["training"]


def network(description):
    return description["training"]["recipe"]["network"]


def test_a_network_comes_back_as_it_was(short_training, saved, digits):
    again = load_trained(saved)
    assert again.training == short_training.training
    assert again.training.verdict == short_training.training.verdict
    images = digits.test.first(20).whole().inputs
    assert np.array_equal(predict(again.module, images), predict(short_training.module, images))
    assert again.training.preprocessing == digits.preprocessing


def test_saving_twice_writes_the_same_bytes(short_training, saved, tmp_path):
    save_trained(load_trained(saved), tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == saved.read_bytes()


def test_a_loaded_network_can_be_trained_on(saved):
    module = load_trained(saved).module
    assert all(parameter.requires_grad for parameter in module.parameters())
    assert not module.training


def test_each_flipped_bit_is_seen(saved):
    whole = saved.read_bytes()
    for bit in np.random.default_rng(0).integers(0, 8 * len(whole), 60):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << (bit % 8)
        saved.write_bytes(flipped)
        with pytest.raises(BadInput, match=re.escape(str(saved))):
            load_trained(saved)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"nothing.safetensors: No such file"):
        load_trained(tmp_path / "nothing.safetensors")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(BadInput, match="cannot read"):
        load_trained(tmp_path)


@pytest.mark.parametrize("length", [0, 4, 100, 5000, -1])
def test_a_truncated_file_is_refused(saved, length):
    saved.write_bytes(saved.read_bytes()[:length])
    with pytest.raises(BadInput, match=r"digits.safetensors is no trained network, or is truncated"):
        load_trained(saved)


def test_a_foreign_checkpoint_is_refused(short_training, tmp_path):
    torch.save(short_training.module.state_dict(), tmp_path / "net.pt")
    with pytest.raises(BadInput, match=r"net.pt is no trained network.*give a file that `chipsmith train` wrote"):
        load_trained(tmp_path / "net.pt")


def test_weights_without_a_description_are_refused(short_training, tmp_path):
    from safetensors.torch import save_file

    save_file(short_training.module.state_dict(), tmp_path / "bare.safetensors")
    with pytest.raises(BadInput, match="holds weights, but not how Chipsmith trained them"):
        load_trained(tmp_path / "bare.safetensors")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(schema_version=3), "has version 3, this Chipsmith reads version 2"),
        (lambda d: d.clear(), "their description is broken"),
        (lambda d: d["training"].pop("outputs"), "outputs is missing: give a whole number"),
        (
            lambda d: training(d).update(epochs="many"),
            "recipe.training.epochs = 'many' is not allowed: give a whole number",
        ),
        (lambda d: d["training"]["history"].update(epochs=[]), "a training without epochs"),
        (lambda d: network(d).update(dense=[65]), "the weights of another network than its recipe's .cnn.: .*size"),
        (lambda d: network(d).update(dense=[2**20]), "the weights of another network"),
        (lambda d: network(d).update(dense=[10**40]), "recipe.network.dense.0 = 1"),
        (lambda d: d["training"]["history"]["epochs"][-1].update(validation_score=1.5), "the scores of epoch . are no"),
        (
            lambda d: d["training"].update(validation_examples=0),
            "validation_examples = 0 is not allowed: give a whole number from 1",
        ),
        (lambda d: network(d).update(kind="mlp"), "recipe.network.channels is not a field"),
    ],
)
def test_a_changed_description_is_refused(saved, change, message):
    with pytest.raises(BadInput, match=message):
        load_trained(rewrite(saved, change=change))


def test_weights_that_are_no_finite_numbers_are_refused(saved):
    with pytest.raises(BadInput, match="weights must be finite numbers"):
        load_trained(rewrite(saved, weights={"dense2.bias": torch.full((10,), float("nan"))}))


def test_a_weight_too_many_is_refused(saved):
    with pytest.raises(BadInput, match="the weights of another network"):
        load_trained(rewrite(saved, weights={"surplus": torch.zeros(1)}))


def test_a_failed_save_leaves_nothing(short_training, tmp_path):
    with pytest.raises(BadInput, match="cannot write"):
        save_trained(short_training, tmp_path / "absent" / "net.safetensors")
    assert list(tmp_path.iterdir()) == []
