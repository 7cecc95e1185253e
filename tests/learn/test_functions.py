"""A file that names a function is code: it is imported and called only where the caller names it on the same call."""

from __future__ import annotations

import json
import sys

import pytest

import chipsmith
from chipsmith.errors import BadInput
from chipsmith.learn import load_recipe, load_trained, save_trained
from chipsmith.learn.recipe import load_calibration_part

torch = pytest.importorskip("torch")

NAME = "trap_network:build"
REFUSED = r"names the function trap_network:build, which would be imported and called.*--allow trap_network:build"


@pytest.fixture
def trap(tmp_path, monkeypatch):
    """A folder with a module whose import alone leaves a file; gives that file."""
    sprung = tmp_path / "sprung"
    network = "torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))"
    (tmp_path / "trap_network.py").write_text(
        f"import pathlib\nimport torch\npathlib.Path({str(sprung)!r}).touch()\n"
        f"def build(input_shape, outputs):\n    return {network}\n"
    )
    monkeypatch.chdir(tmp_path)
    yield sprung
    sys.modules.pop("trap_network", None)


@pytest.fixture
def recipe_file(trap, tmp_path):
    fields = {
        "name": "own",
        "task": "classification",
        "data": {"kind": "sklearn", "name": "digits8x8"},
        "network": {"kind": "function", "function": NAME},
        "training": {"epochs": 1, "optimizer": {"kind": "sgd", "learning_rate": 0.1}},
    }
    file = tmp_path / "own.yaml"
    file.write_text(json.dumps(fields))
    return file


@pytest.fixture
def weights_file(short_training, trap, tmp_path):
    """A file as `save_trained` writes it, whose metadata names the function."""
    from safetensors import safe_open
    from safetensors.torch import save_file

    file = tmp_path / "trained.safetensors"
    save_trained(short_training, file)
    with safe_open(file, framework="pt") as stored:
        description = json.loads(stored.metadata()["chipsmith.training"])
    del description["sha256"]  # whoever writes such a file leaves it out, or writes the right one
    description["training"]["recipe"]["network"] = {"kind": "function", "function": NAME}
    tensors = {"1.weight": torch.zeros(10, 64), "1.bias": torch.zeros(10)}
    save_file(tensors, file, metadata={"chipsmith.training": json.dumps(description)})
    return file


@pytest.mark.parametrize("allow", [(), ("trap_network:other",), ("trap_network",)])
def test_a_file_of_weights_imports_nothing_that_was_not_allowed(weights_file, trap, allow):
    with pytest.raises(BadInput, match=rf"trained\.safetensors {REFUSED}"):
        load_trained(weights_file, allow=allow)
    assert not trap.exists()


def test_a_function_that_is_allowed_by_name_builds_the_network(weights_file, trap):
    assert load_trained(weights_file, allow=(NAME,)).module(torch.zeros(1, 64)).shape == (1, 10)
    assert trap.exists()


@pytest.mark.parametrize("verb", [chipsmith.run, chipsmith.train, chipsmith.compress])
def test_a_recipe_file_imports_nothing_that_was_not_allowed(recipe_file, trap, verb):
    with pytest.raises(BadInput, match=rf"own\.yaml {REFUSED}"):
        verb(recipe_file)
    assert not trap.exists()


def test_a_recipe_trains_the_function_that_the_same_call_allows(recipe_file, trap, tmp_path):
    result = chipsmith.train(recipe_file, allow=[NAME], out=tmp_path / "run")
    assert result.training.recipe.network.function == NAME
    assert trap.exists()


def test_a_run_folder_imports_nothing_that_was_not_allowed(recipe_file, trap, tmp_path):
    chipsmith.train(recipe_file, allow=[NAME], out=tmp_path / "run")
    trap.unlink()
    del sys.modules["trap_network"]
    with pytest.raises(BadInput, match=REFUSED):
        chipsmith.generations([str(tmp_path / "run")], systems=["chips"], out=tmp_path / "page.html")
    assert not trap.exists()
    page = chipsmith.generations([str(tmp_path / "run")], systems=["chips"], out=tmp_path / "page.html", allow=[NAME])
    assert page.comparison.to_json()["rows"]


def test_a_setting_that_names_the_function_allows_it(recipe_file):
    assert load_recipe(recipe_file, [f"network.function={NAME}"]).network.function == NAME


def test_the_data_of_a_recipe_need_no_function(recipe_file, trap):
    assert len(load_calibration_part(recipe_file))
    assert chipsmith.check_data(recipe_file).examples == 1797
    assert not trap.exists()


@pytest.mark.parametrize("name", ["os.system", "a:b:c", "mod:f()", "\x1b[31mmod:f", "mod:__import__('os')", ""])
def test_what_is_no_name_of_a_function_is_refused_with_the_recipe(recipe_file, name):
    fields = json.loads(recipe_file.read_text())
    fields["network"]["function"] = name
    recipe_file.write_text(json.dumps(fields))
    with pytest.raises(BadInput, match=r"give a function as package[.]module:function"):
        load_recipe(recipe_file, allow=[name])
