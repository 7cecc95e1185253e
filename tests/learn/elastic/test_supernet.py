"""A supernet is trained once, and gives ordinary networks of every size."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from image_data import CNN, MOBILENET, RESNET, toy_images, toy_recipe

from chipsmith.errors import BadInput
from chipsmith.learn import Dataset, train
from chipsmith.learn.elastic import Supernet, parse_elastic, supernet_recipe, train_subnetwork, train_supernet
from chipsmith.learn.training import measure

VALUES = {"width": [0.5, 1.0], "depth": [1, 2], "kernel": [3, 5]}


@pytest.fixture(scope="module")
def images() -> Dataset:
    return toy_images()


@pytest.fixture(scope="module")
def trained(images) -> Supernet:
    recipe = toy_recipe(CNN, epochs=12, optimizer={"kind": "adamw", "learning_rate": 0.01})
    return train_supernet(recipe, images, parse_elastic(recipe.network, VALUES))


def same_weights(first: torch.nn.Module, second: torch.nn.Module) -> bool:
    one_state, other = first.state_dict(), second.state_dict()
    return one_state.keys() == other.keys() and all(torch.equal(one_state[name], other[name]) for name in other)


def test_one_training_serves_every_size(trained, images):
    scores = [
        measure(trained.subnetwork(values, images), images.validation, images.task)[1]
        for values in trained.space.all_values()
    ]
    assert min(scores) > 0.6, "of three classes"
    assert trained.cpu_s > 0
    assert len(trained.history.epochs) == 12


@pytest.mark.parametrize("network", [RESNET, MOBILENET], ids=lambda network: network["kind"])
def test_the_other_families_learn_together_too(network, images):
    recipe = toy_recipe(network, epochs=20, optimizer={"kind": "adamw", "learning_rate": 0.01})
    supernet = train_supernet(recipe, images, parse_elastic(recipe.network, VALUES))
    scores = [
        measure(supernet.subnetwork(values, images), images.validation, images.task)[1]
        for values in (supernet.space.smallest, supernet.space.largest)
    ]
    assert min(scores) > 0.6


def test_a_subnetwork_is_an_ordinary_module_and_the_same_each_time(trained, images):
    values = {"width": 0.5, "depth": 1, "kernel": 3}
    module = trained.subnetwork(values, images)
    built = trained.space.settings(values).build(input_shape=images.input_shape, outputs=3)
    assert type(module) is type(built)
    assert [tensor.shape for tensor in module.state_dict().values()] == [
        tensor.shape for tensor in built.state_dict().values()
    ]
    assert not module.training
    assert same_weights(module, trained.subnetwork(values, images))


def test_its_weights_are_its_own(trained, images):
    values = trained.space.smallest
    with torch.no_grad():
        for parameter in trained.subnetwork(values, images).parameters():
            parameter.zero_()
    assert trained.subnetwork(values, images).get_parameter("dense2.weight").abs().sum() > 0


def test_its_weights_are_those_of_the_last_epoch(images):
    """Whatever the curves say: steps that are too long make an early epoch the best one."""
    recipe = toy_recipe({**CNN, "norm": "none"}, epochs=12, optimizer={"kind": "sgd", "learning_rate": 2.0})
    supernet = train_supernet(recipe, images, parse_elastic(recipe.network, {"kernel": [3, 5]}))
    largest = supernet.subnetwork(supernet.space.largest, images)
    last = supernet.history.last
    assert supernet.history.best.number < last.number
    assert measure(largest, images.validation, images.task) == (last.validation_loss, last.validation_score)


def test_a_supernet_is_trained_twice_as_long_as_its_recipe_or_as_long_as_is_asked(images):
    recipe = toy_recipe(CNN, epochs=3)
    assert supernet_recipe(recipe).training.epochs == 6
    assert supernet_recipe(recipe, epochs=4).training.epochs == 4
    supernet = train_supernet(supernet_recipe(recipe), images, parse_elastic(recipe.network, VALUES))
    assert len(supernet.history.epochs) == 6


@pytest.mark.parametrize("network", [CNN, RESNET, MOBILENET], ids=lambda network: network["kind"])
def test_with_a_single_network_it_is_the_recipes_own_training(network, images):
    recipe = toy_recipe(network)
    supernet = train_supernet(recipe, images, parse_elastic(recipe.network, {"width": [1.0]}))
    plain = train(recipe, images)
    assert supernet.history == plain.training.history
    assert all(torch.equal(supernet.tensors[name], tensor) for name, tensor in plain.module.named_parameters())


def test_a_network_is_trained_in_full_by_the_recipe(images):
    recipe = toy_recipe(CNN)
    space = parse_elastic(recipe.network, VALUES)
    values = {"width": 0.5, "depth": 2, "kernel": 3}
    module = train_subnetwork(recipe, images, space, values, seed=4)
    own = recipe.model_copy(update={"network": space.settings(values), "seed": 4})
    assert same_weights(module, train(own, images).module)


class StopError(Exception):
    pass


def test_an_interrupted_training_goes_on_to_the_same_bits(images, tmp_path):
    recipe = toy_recipe(CNN, epochs=4)
    space = parse_elastic(recipe.network, VALUES)
    whole = train_supernet(recipe, images, space)
    checkpoint = tmp_path / "supernet.checkpoint"

    def stop(epoch):
        if epoch.number == 2:
            raise StopError

    with pytest.raises(StopError):
        train_supernet(recipe, images, space, checkpoint=checkpoint, on_epoch=stop)
    resumed = train_supernet(recipe, images, space, checkpoint=checkpoint)
    assert resumed.history == whole.history
    assert all(torch.equal(resumed.tensors[name], whole.tensors[name]) for name in whole.tensors)


def test_it_is_kept_in_a_file(trained, images, tmp_path):
    path = tmp_path / "supernet.safetensors"
    trained.save(path)
    loaded = Supernet.load(path, recipe=trained.recipe, dataset=images, space=trained.space)
    assert (loaded.history, loaded.cpu_s) == (trained.history, trained.cpu_s)
    values = trained.space.smallest
    assert same_weights(loaded.subnetwork(values, images), trained.subnetwork(values, images))


def test_a_file_of_another_supernet_is_refused(trained, images, tmp_path):
    path = tmp_path / "supernet.safetensors"
    trained.save(path)
    other_space = parse_elastic(trained.recipe.network, {**VALUES, "width": [0.25, 1.0]})
    with pytest.raises(BadInput, match=r"another supernet: its space.width is \[0.5, 1.0\], here it is \[0.25, 1.0\]"):
        Supernet.load(path, recipe=trained.recipe, dataset=images, space=other_space)
    with pytest.raises(BadInput, match=r"another supernet: its recipe.training.epochs is 12, here it is 13"):
        Supernet.load(path, recipe=toy_recipe(CNN, epochs=13), dataset=images, space=trained.space)
    fewer = dataclasses.replace(images, train=images.train.first(40))
    with pytest.raises(BadInput, match=r"another supernet: its data.training is 48 examples"):
        Supernet.load(path, recipe=trained.recipe, dataset=fewer, space=trained.space)


def test_a_damaged_file_is_refused(trained, images, tmp_path):
    path = tmp_path / "supernet.safetensors"
    trained.save(path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(BadInput, match="its checksum is not that of its contents"):
        Supernet.load(path, recipe=trained.recipe, dataset=images, space=trained.space)


@pytest.mark.parametrize(
    ("settings", "values", "said"),
    [
        ({}, {"depth": [1, 4]}, "its largest network cannot be built: .* needs images of 16 pixels"),
        ({"training": {"epochs": 0}}, VALUES, "a supernet is trained from the start"),
        ({"training": {"privacy": {"epsilon": 3.0, "clip": 1.0}}}, VALUES, "no supernet is trained so"),
    ],
)
def test_what_has_no_supernet_is_refused(images, settings, values, said):
    recipe = toy_recipe({**CNN, "norm": "none"}, **settings.get("training", {}))
    with pytest.raises(BadInput, match=said):
        train_supernet(recipe, images, parse_elastic(recipe.network, values))


def test_several_processes_are_refused(images, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    recipe = toy_recipe(CNN)
    with pytest.raises(BadInput, match="a supernet is trained without torchrun"):
        train_supernet(recipe, images, parse_elastic(recipe.network, VALUES))
