"""A training goes on only from its own checkpoint, undamaged; what differs is told by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from toy_data import split, toy_dataset

from chipsmith.errors import BadInput
from chipsmith.learn.data import Dataset, Task
from chipsmith.learn.training import TrainingSettings, fit

torch = pytest.importorskip("torch")

BRIEF = TrainingSettings(epochs=2, batch_size=16)


@pytest.fixture(scope="module")
def classes() -> Dataset:
    return toy_dataset(Task.CLASSIFICATION)


def network(activation: type = torch.nn.ReLU):
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(6, 16), activation(), torch.nn.Linear(16, 3))


def trained(data, folder, *, module=None, settings=BRIEF, seed=1, **arguments):
    return fit(module or network(), data, settings=settings, seed=seed, checkpoint=folder / "state", **arguments)


def changed(data: Dataset, *, examples: list[int], by: float = 1.0) -> Dataset:
    """The data set with the first value of some training examples changed."""
    batch = data.train.whole()
    batch.inputs[examples, 0] += by
    return replace(data, train=type(data.train)(inputs=batch.inputs, all_targets=batch.targets))


def test_the_same_training_goes_on(classes, tmp_path):
    first = trained(classes, tmp_path)
    assert trained(toy_dataset(Task.CLASSIFICATION), tmp_path) == first


def test_other_settings_are_refused_by_name(classes, tmp_path):
    trained(classes, tmp_path)
    with pytest.raises(BadInput, match=r"its training\.batch_size is 16, here it is 8; go on with the recipe"):
        trained(classes, tmp_path, settings=BRIEF.model_copy(update={"batch_size": 8}))
    with pytest.raises(BadInput, match=r"its seed is 1, here it is 2"):
        trained(classes, tmp_path, seed=2)


def test_other_data_of_the_same_length_are_refused(classes, tmp_path):
    trained(classes, tmp_path)
    with pytest.raises(BadInput, match=r"3 of 48 training examples differ, the first is number 6; go on"):
        trained(changed(classes, examples=[5, 17, 40], by=1e-6), tmp_path)
    other = replace(classes, validation=classes.test)
    with pytest.raises(BadInput, match=r"16 of 16 validation examples differ, the first is number 1"):
        trained(other, tmp_path)


def test_other_labels_are_other_data(classes, tmp_path):
    trained(classes, tmp_path)
    batch = classes.train.whole()
    batch.targets[7] = (batch.targets[7] + 1) % 3
    relabelled = replace(classes, train=type(classes.train)(inputs=batch.inputs, all_targets=batch.targets))
    with pytest.raises(BadInput, match=r"1 of 48 training examples differs, the first is number 8"):
        trained(relabelled, tmp_path)


def test_another_order_and_another_number_are_told_apart(classes, tmp_path):
    trained(classes, tmp_path)
    with pytest.raises(BadInput, match="the training part has the same examples in another order"):
        trained(replace(classes, train=classes.train.select(np.arange(48)[::-1])), tmp_path)
    with pytest.raises(BadInput, match="the training part had 48 examples and now has 47"):
        trained(replace(classes, train=classes.train.first(47)), tmp_path)


def test_the_test_part_is_no_part_of_a_training(classes, tmp_path):
    first = trained(classes, tmp_path)
    assert trained(replace(classes, test=classes.validation), tmp_path) == first


def test_another_activation_is_another_network(classes, tmp_path):
    trained(classes, tmp_path)
    with pytest.raises(BadInput, match=r"its modules\.1 is ReLU\(\), here it is Tanh\(\)"):
        trained(classes, tmp_path, module=network(torch.nn.Tanh))
    with pytest.raises(BadInput, match=r"its modules\.whole is Sequential\(\), here it is Linear\("):
        trained(classes, tmp_path, module=torch.nn.Linear(6, 3))


def test_code_that_shows_neither_in_text_nor_in_shapes_shows_in_the_first_loss(classes, tmp_path):
    class Hidden(torch.nn.Module):
        def __init__(self, activation) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.first, self.last = torch.nn.Linear(6, 16), torch.nn.Linear(16, 3)
            self._activation = activation

        def forward(self, inputs):
            return self.last(self._activation(self.first(inputs)))

    trained(classes, tmp_path, module=Hidden(torch.relu))
    with pytest.raises(BadInput, match=r"its network began with a loss of 1\.\d+ .* here with 1\.\d+"):
        trained(classes, tmp_path, module=Hidden(torch.tanh))


def test_weights_from_a_file_count_by_their_content(classes, tmp_path):
    trained(classes, tmp_path)
    other = network()
    with torch.no_grad():
        other[0].weight[0, 0] += 1e-6
    with pytest.raises(BadInput, match=r"its first weights is [0-9a-f]{64}, here it is [0-9a-f]{64}"):
        trained(classes, tmp_path, module=other)


def test_what_the_caller_names_counts(classes, tmp_path):
    trained(classes, tmp_path, work={"data": {"columns": ["a", "b"]}})
    with pytest.raises(BadInput, match=r"its data\.columns is \['a', 'b'\], here it is \['a'\]"):
        trained(classes, tmp_path, work={"data": {"columns": ["a"]}})
    with pytest.raises(BadInput, match=r"its data\.columns is \['a', 'b'\], here it is None"):
        trained(classes, tmp_path)


def test_another_version_of_torch_is_told(classes, tmp_path, monkeypatch):
    trained(classes, tmp_path)
    monkeypatch.setattr("chipsmith.learn.training.identity.installed_version", lambda _name: "9.9")
    with pytest.raises(BadInput, match=r"its versions\.torch is .*, here it is 9\.9"):
        trained(classes, tmp_path)


def test_looking_at_the_network_changes_no_bit(classes, tmp_path):
    """With and without a checkpoint the curves are the same, dropout and all."""
    torch.manual_seed(0)
    with_file, without = (torch.nn.Sequential(torch.nn.Dropout(0.5), torch.nn.Linear(6, 3)) for _ in range(2))
    without.load_state_dict(with_file.state_dict())
    curves = trained(classes, tmp_path, module=with_file)
    assert fit(without, classes, settings=BRIEF, seed=1) == curves


def test_each_flipped_bit_of_a_checkpoint_is_seen(classes, tmp_path):
    trained(classes, tmp_path)
    whole = (tmp_path / "state").read_bytes()
    for bit in np.random.default_rng(0).integers(0, 8 * len(whole), 100):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << (bit % 8)
        (tmp_path / "state").write_bytes(flipped)
        with pytest.raises(BadInput, match=r"is damaged, .* put back a copy, or remove it and train afresh"):
            trained(classes, tmp_path)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04half"])
def test_a_foreign_checkpoint_is_a_single_message(classes, tmp_path, content):
    (tmp_path / "state").write_bytes(content)
    with pytest.raises(BadInput, match=r"is damaged, or is no checkpoint of this Chipsmith.*remove it"):
        trained(classes, tmp_path)


def test_a_truncated_checkpoint_is_a_single_message(classes, tmp_path):
    trained(classes, tmp_path)
    whole = (tmp_path / "state").read_bytes()
    (tmp_path / "state").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match="is damaged"):
        trained(classes, tmp_path)


def test_a_language_and_a_generation_resume(tmp_path):
    """Windows of a text, and inputs as targets."""
    torch.manual_seed(0)
    rebuilt = toy_dataset(Task.RECONSTRUCTION)
    module = torch.nn.Linear(6, 6)
    first = trained(rebuilt, tmp_path, module=module)
    torch.manual_seed(0)
    assert trained(rebuilt, tmp_path, module=torch.nn.Linear(6, 6)) == first
    inputs = rebuilt.train.whole().inputs
    other = split(Task.RECONSTRUCTION, np.concatenate([inputs, inputs[:32] + 1]), np.zeros(80, np.int64), ("n", "a"))
    torch.manual_seed(0)
    with pytest.raises(BadInput, match=r"classes|examples differ"):
        trained(other, tmp_path, module=torch.nn.Linear(6, 6))
