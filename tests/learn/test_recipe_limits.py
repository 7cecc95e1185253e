"""No recipe asks for more than can be: each number has an end, and a training that does not fit is refused at once."""

from __future__ import annotations

import pytest
import torch
from toy_data import toy_dataset

from chipsmith.errors import BadInput
from chipsmith.learn import Recipe, Task, build_module, load_recipe, recipe_schema
from chipsmith.learn.networks.catalogue import CATALOGUE
from chipsmith.learn.networks.footprint import measure_footprint
from chipsmith.memory import usable_memory


def integers(node, path=""):
    """Every integer field of a schema by its path."""
    if isinstance(node, dict):
        if node.get("type") == "integer" and "enum" not in node and "const" not in node:
            yield path, node
        for name, value in node.items():
            yield from integers(value, f"{path}/{name}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from integers(value, f"{path}/{number}")


def test_every_integer_of_a_recipe_has_an_end():
    fields = dict(integers(recipe_schema()))
    assert len(fields) > 60
    endless = [path for path, field in fields.items() if not {"maximum", "exclusiveMaximum"} & set(field)]
    assert endless == []


@pytest.mark.parametrize(
    "setting",
    [
        "validation.bootstrap=1000000000000",
        "validation.folds=101",
        "training.epochs=100001",
        "training.batch_size=1e30",
        "training.threads=100000",
        "principal_components=1000000000",
    ],
)
def test_a_number_beyond_the_end_is_told_with_the_end(setting):
    with pytest.raises(BadInput, match=r"less than or equal to|not allowed"):
        load_recipe("digits", [setting])


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_footprint_counts_the_bytes_that_the_built_network_has(name):
    entry = CATALOGUE[name]
    footprint = measure_footprint(entry.network, input_shape=entry.input_shape, outputs=entry.outputs)
    module = entry.network.build(input_shape=entry.input_shape, outputs=entry.outputs)
    assert footprint.weight_bytes == sum(parameter.nbytes for parameter in module.parameters())
    assert footprint.activation_bytes >= 4 * entry.outputs * (entry.network.kind not in {"vae"})


def test_a_network_larger_than_the_memory_is_refused_before_it_is_built():
    recipe = Recipe.model_validate(
        {
            "name": "vast",
            "task": "classification",
            "data": {"kind": "digits"},
            "network": {"kind": "mlp", "hidden": [1 << 20, 1 << 20, 1 << 20]},
            "training": {"epochs": 1},
        }
    )
    before = torch.get_rng_state()
    with pytest.raises(
        BadInput, match=r"training this network \(Mlp\) in steps of \d+ examples needs [\d,.]+ GiB, and "
    ):
        build_module(recipe, toy_dataset(Task.CLASSIFICATION))
    assert torch.equal(before, torch.get_rng_state())


def test_the_memory_of_a_container_is_its_own(monkeypatch, tmp_path):
    limit = tmp_path / "memory.max"
    limit.write_text("1048576\n")
    monkeypatch.setattr("chipsmith.memory._LIMIT_FILES", (limit, tmp_path / "absent"))
    assert usable_memory() == 1 << 20
    limit.write_text("max\n")
    assert usable_memory() > 1 << 20
