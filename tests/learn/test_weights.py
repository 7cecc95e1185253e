"""A network that starts from weights of elsewhere: PyTorch's files and our own, and one message for another's."""

from __future__ import annotations

import pytest

from chipsmith.errors import BadInput
from chipsmith.learn import Fit, load_recipe, save_trained, train
from chipsmith.learn.weights import load_weights

torch = pytest.importorskip("torch")


def network(hidden: int = 4):
    return torch.nn.Sequential(torch.nn.Linear(6, hidden), torch.nn.BatchNorm1d(hidden), torch.nn.Linear(hidden, 3))


@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_state_dict_comes_back_even_without_counters(tmp_path, prefix):
    """As old files of DataParallel networks have it: under `state_dict`, with a prefix, without counters."""
    original, other = network(), network()
    kept = {prefix + name: weight for name, weight in original.state_dict().items() if "tracked" not in name}
    torch.save({"state_dict": kept, "epoch": 3}, tmp_path / "net.th")
    load_weights(other, str(tmp_path / "net.th"))
    assert all(torch.equal(weight, other.state_dict()[name]) for name, weight in original.state_dict().items())


def test_the_file_of_a_run_is_one_too(short_training, digits, short_recipe, tmp_path):
    save_trained(short_training, tmp_path / "trained.safetensors")
    changes = {"weights": str(tmp_path / "trained.safetensors")}
    untrained = short_recipe.training.model_copy(update={"epochs": 0})
    again = train(short_recipe.model_copy(update=changes | {"training": untrained}), digits).training
    assert again.verdict.fit is Fit.NOT_TRAINED
    assert again.history.best.validation_loss == short_training.training.history.best.validation_loss


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("2.bias"), "it has no 2.bias"),
        (lambda w: w.update(extra=torch.zeros(1)), "the recipe's network has no extra"),
        (lambda w: w.update({"2.bias": torch.zeros(5)}), r"2.bias has shape \[5\], the recipe's network needs \[3\]"),
        (lambda w: w.update({"2.bias": torch.full((3,), float("nan"))}), "2.bias holds what is no finite number"),
    ],
)
def test_the_weights_of_another_network_are_one_message(tmp_path, change, message):
    weights = dict(network().state_dict())
    change(weights)
    torch.save(weights, tmp_path / "net.pt")
    with pytest.raises(BadInput, match=message):
        load_weights(network(), str(tmp_path / "net.pt"))


def test_what_is_no_weights_is_refused(tmp_path, monkeypatch):
    (tmp_path / "net.pt").write_bytes(b"nonsense")
    (tmp_path / "net.safetensors").write_bytes(b"nonsense")
    torch.save(network(), tmp_path / "whole.pt")
    torch.save([1, 2], tmp_path / "list.pt")
    for name in ("net.pt", "net.safetensors", "whole.pt", "list.pt", "absent.pt"):
        with pytest.raises(BadInput, match=name):
            load_weights(network(), str(tmp_path / name))
    monkeypatch.delenv("CHIPSMITH_DATA", raising=False)
    with pytest.raises(BadInput, match="CHIPSMITH_DATA is not set"):
        load_weights(network(), "$CHIPSMITH_DATA/net.pt")


def test_no_epochs_need_no_schedule(digits):
    recipe = load_recipe("digits", ["training.epochs=0"])
    assert [epoch.number for epoch in train(recipe, digits).training.history.epochs] == [0]
