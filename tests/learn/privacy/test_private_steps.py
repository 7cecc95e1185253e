"""Private training: each example's gradient against a plain loop, resumed to the same bits, what voids it refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from toy_data import toy_dataset

from chipsmith.errors import BadInput
from chipsmith.learn.data import Task
from chipsmith.learn.privacy.accounting import choose_noise
from chipsmith.learn.privacy.fitness import require_apart
from chipsmith.learn.privacy.stream import NoiseStream
from chipsmith.learn.training import TrainingSettings, fit

torch = pytest.importorskip("torch")
pytest.importorskip("opacus")

PRIVATE = {"epsilon": 4.0, "delta": 1e-2, "clip": 0.05, "noise": "seeded"}
SETTINGS = TrainingSettings(epochs=3, batch_size=16, optimizer={"kind": "sgd", "learning_rate": 0.5}, privacy=PRIVATE)


@pytest.fixture(scope="module")
def classes():
    return toy_dataset(Task.CLASSIFICATION)


def network(*, dropout: float = 0.0):
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Tanh(), torch.nn.Dropout(dropout), torch.nn.Linear(8, 3))


def changed(**fields):
    return SETTINGS.model_copy(update=fields)


def private(**fields):
    return changed(privacy=SETTINGS.privacy.model_copy(update=fields))


def weights(module) -> dict:
    return {name: tensor.numpy().tobytes() for name, tensor in module.state_dict().items()}


def plain_step(module, data, *, step: int, seed: int, rate: float, clip: float, noise: float, learning_rate: float):
    """A step by the definition: one backward pass an example, each gradient cut, noise on their sum."""
    stream = NoiseStream.seeded(seed)
    batch = data.train.whole()
    parameters = list(module.parameters())
    total = [torch.zeros_like(parameter) for parameter in parameters]
    for number in (stream.uniform("sample", step, len(data.train)) < rate).nonzero()[0]:
        module.zero_grad()
        answer = module(torch.tensor(batch.inputs[number : number + 1]))
        torch.nn.functional.cross_entropy(answer, torch.tensor(batch.targets[number : number + 1])).backward()
        norm = torch.cat([parameter.grad.flatten() for parameter in parameters]).norm()
        for place, parameter in zip(total, parameters, strict=True):
            place += parameter.grad * min(1.0, clip / float(norm))
    drawn = torch.from_numpy(stream.normal("noise", step, sum(place.numel() for place in total)))
    shares = drawn.split([place.numel() for place in total])
    for parameter, place, values in zip(parameters, total, shares, strict=True):
        change = (place + noise * clip * values.view_as(place)) / (rate * len(data.train))
        parameter.data -= learning_rate * change.float()


def test_steps_are_those_of_a_plain_loop_over_examples(classes):
    module, expected = network(), network()
    history = fit(module, classes, settings=SETTINGS, seed=5)
    rate, noise = 16 / 48, choose_noise(epsilon=4.0, delta=1e-2, sample_rate=16 / 48, steps=9)
    for step in range(9):
        plain_step(expected, classes, step=step, seed=5, rate=rate, clip=0.05, noise=noise, learning_rate=0.5)
    for name, parameter in expected.named_parameters():
        assert torch.allclose(module.get_parameter(name), parameter, atol=1e-5), name
    assert history.budget is not None
    assert 3.9 < history.budget.epsilon <= 4.0
    assert (history.budget.steps, history.budget.examples, history.budget.noise_multiplier) == (9, 48, noise)


def test_nothing_is_told_of_the_training_examples(classes):
    told = []
    history = fit(network(), classes, settings=SETTINGS, seed=0, on_epoch=told.append)
    assert all(epoch.train_loss is None and epoch.train_score is None for epoch in told)
    assert history.best is history.last


def test_the_last_epoch_is_kept_whatever_the_curves_say(classes):
    wild = changed(optimizer=SETTINGS.optimizer.model_copy(update={"learning_rate": 30.0}), epochs=6)
    module = network()
    history = fit(module, classes, settings=wild, seed=0)
    outputs = module(torch.tensor(classes.validation.whole().inputs))
    loss = torch.nn.functional.cross_entropy(outputs, torch.tensor(classes.validation.whole().targets))
    assert min(epoch.validation_loss for epoch in history.epochs) < history.last.validation_loss
    assert float(loss) == pytest.approx(history.last.validation_loss, rel=1e-5)


@pytest.mark.parametrize("noise", ["fresh", "seeded"])
def test_an_interrupted_private_training_goes_on_to_the_same_bits(classes, tmp_path, noise, monkeypatch):
    """Key, place in its stream, optimiser, schedule and dropout are in the checkpoint; so is what has been spent."""
    monkeypatch.setattr("chipsmith.learn.privacy.stream.secrets.token_bytes", lambda count: bytes(range(count)))
    settings = private(noise=noise).model_copy(
        update={"schedule": TrainingSettings(epochs=1, schedule={"kind": "cosine"}).schedule}
    )

    class Interrupted(Exception):
        pass

    def interrupt(epoch) -> None:
        if epoch.number == 2:
            raise Interrupted

    whole = network(dropout=0.2)
    curves = fit(whole, classes, settings=settings, seed=1)
    with pytest.raises(Interrupted):
        fit(network(dropout=0.2), classes, settings=settings, seed=1, checkpoint=tmp_path / "state", on_epoch=interrupt)
    monkeypatch.setattr("chipsmith.learn.privacy.stream.secrets.token_bytes", lambda count: b"another key".ljust(count))
    resumed = network(dropout=0.2)
    again = fit(resumed, classes, settings=settings, seed=1, checkpoint=tmp_path / "state")
    assert weights(resumed) == weights(whole)
    assert again == curves


def test_fresh_noise_differs_from_training_to_training(classes):
    first, second = network(), network()
    for module in (first, second):
        fit(module, classes, settings=private(noise="fresh"), seed=0)
    assert weights(first) != weights(second)


def test_parts_of_a_step_are_added_up(classes, monkeypatch):
    """Where gradients of all examples do not fit, a step is taken in parts, with noise once."""
    whole, parts = network(), network()
    fit(whole, classes, settings=SETTINGS, seed=0)
    monkeypatch.setattr("chipsmith.learn.privacy.steps._GRADIENT_VALUES", 300)
    fit(parts, classes, settings=SETTINGS, seed=0)
    for name, parameter in whole.named_parameters():
        assert torch.allclose(parts.get_parameter(name), parameter, atol=1e-6), name


def test_views_of_an_example_count_as_a_single_one(classes):
    """With an augmentation that changes nothing the mean over views is the gradient itself."""
    still = private(views=3).model_copy(
        update={"augmentation": TrainingSettings(epochs=1, augmentation={"kind": "series"}).augmentation}
    )
    plain, seen = network(), network()
    fit(plain, classes, settings=SETTINGS, seed=0)
    history = fit(seen, classes, settings=still, seed=0)
    for name, parameter in plain.named_parameters():
        assert torch.allclose(seen.get_parameter(name), parameter, atol=1e-6), name
    assert history.budget == fit(network(), classes, settings=SETTINGS, seed=0).budget


def test_a_penalty_on_weights_costs_no_privacy(classes):
    module, small = network(), network()
    fit(module, classes, settings=SETTINGS, seed=0)
    history = fit(small, classes, settings=changed(l1=0.1), seed=0)
    assert small[0].weight.abs().sum() < module[0].weight.abs().sum()
    assert history.budget.steps == 9


def test_a_step_without_any_example_is_noise_alone(classes):
    module = network()
    history = fit(module, classes, settings=changed(batch_size=1, epochs=1), seed=0)
    assert history.budget.steps == 48
    assert all(parameter.isfinite().all() for parameter in module.parameters())


def test_the_module_is_a_plain_one_afterwards(classes):
    module = network()
    fit(module, classes, settings=SETTINGS, seed=0)
    assert not any(layer._forward_hooks or layer._backward_hooks for layer in module.modules())
    assert not any(hasattr(parameter, "grad_sample") for parameter in module.parameters())
    assert not module.training


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"early_stopping": 3}, "the last epoch is kept.*leave early_stopping out"),
        ({"gradient_clip": 1.0}, r"write training\.privacy\.clip"),
        ({"mixed_precision": True}, "set mixed_precision to false"),
    ],
)
def test_settings_that_void_the_promise_are_refused(classes, fields, message):
    with pytest.raises(BadInput, match=message):
        fit(network(), classes, settings=changed(**fields), seed=0)


def test_views_without_an_augmentation_are_refused(classes):
    with pytest.raises(BadInput, match="add an augmentation, or set views to 1"):
        fit(network(), classes, settings=private(views=2), seed=0)


class Centred(torch.nn.Module):
    """Takes the mean of the batch away: one example's answer tells of the others."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = torch.nn.Linear(6, 3)

    def forward(self, inputs):
        return self.dense(inputs - inputs.mean(0))


class Folded(torch.nn.Module):
    """Folds examples and values into one axis, so that a layer sees six examples in each."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = torch.nn.Linear(1, 3)

    def forward(self, inputs):
        return self.dense(inputs.reshape(-1, 1)).reshape(len(inputs), 6, 3).mean(1)


class Remembering(torch.nn.Module):
    """Answers each example by itself while it trains, and keeps what it saw in a buffer that it answers with later."""

    def __init__(self, *, persistent: bool = True) -> None:
        super().__init__()
        self.dense = torch.nn.Linear(6, 3)
        self.register_buffer("largest", torch.zeros(6), persistent=persistent)

    def forward(self, inputs):
        if self.training:
            self.largest.copy_(torch.maximum(self.largest, inputs.amax(0)))
            return self.dense(inputs)
        return self.dense(inputs / self.largest)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([Remembering()], r"keeps what it saw of its examples in 0\.largest, without any noise"),
        ([Remembering(persistent=False)], r"in 0\.largest, without any noise"),
        ([torch.nn.Linear(6, 3), torch.nn.BatchNorm1d(3)], r"batch normalisation \(1\) mixes.*network\.norm=group"),
        ([torch.nn.Linear(6, 3), torch.nn.BatchNorm1d(3, affine=False)], "batch normalisation"),
        ([Centred()], "depends on the others of its batch"),
        ([Folded()], r"has \d+ gradients of \d+ examples"),
    ],
)
def test_networks_that_mix_examples_are_refused(classes, layers, message):
    with pytest.raises(BadInput, match=message):
        fit(torch.nn.Sequential(*layers), classes, settings=SETTINGS, seed=0)


def test_a_network_that_mixes_is_seen_though_the_first_and_the_last_example_are_the_same(classes):
    examples = classes.train.select(np.array([*range(47), 0]))
    with pytest.raises(BadInput, match="depends on the others of its batch"):
        fit(Centred(), dataclasses.replace(classes, train=examples), settings=SETTINGS, seed=0)


def test_buffers_that_no_example_changes_are_no_hindrance(classes):
    weighted = torch.nn.utils.spectral_norm(torch.nn.Linear(6, 3))
    before = weighted.weight_u.clone()
    require_apart(weighted, classes)
    assert torch.equal(weighted.weight_u, before)


def test_recurrent_layers_of_torch_are_refused_in_words():
    class Recurrent(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell, self.dense = torch.nn.LSTM(1, 4, batch_first=True), torch.nn.Linear(4, 3)

        def forward(self, inputs):
            return self.dense(self.cell(inputs[..., None])[0][:, -1])

    with pytest.raises(BadInput, match=r"training\.privacy: .*take a network of these"):
        fit(Recurrent(), toy_dataset(Task.CLASSIFICATION), settings=SETTINGS, seed=0)
