"""Settings of a recipe and of a chip on one command line: each goes where it belongs, and none is guessed."""

from __future__ import annotations

import subprocess
import sys

import pytest

import chipsmith
from chipsmith.errors import BadInput
from chipsmith.flow.training import change_recipe, read_job
from chipsmith.learn import load_recipe


def test_a_setting_goes_to_the_recipe_or_to_the_chip_by_its_first_word():
    recipe, of_chip = read_job("diabetes", settings=["training.epochs=3", "chip=nano-64", "tensor.rows=32"])
    assert (recipe.training.epochs, recipe.chip) == (3, "nano-64")
    assert of_chip == ["tensor.rows=32"]


def test_a_setting_may_say_whose_it_is():
    recipe, of_chip = read_job("diabetes", settings=["recipe.seed=7", "chip.tensor.rows=32"])
    assert recipe.seed == 7
    assert chipsmith.chip.parse_chip_settings(of_chip) == {"tensor.rows": "32"}


def test_the_names_of_recipe_and_chip_are_set_apart():
    recipe, of_chip = read_job("diabetes", settings=["recipe.name=mine", "chip.name=ours", "chip.description=Wide."])
    assert (recipe.name, recipe.description) == ("mine", load_recipe("diabetes").description)
    assert of_chip == ["chip.name=ours", "chip.description=Wide."]


@pytest.mark.parametrize("field", ["name", "description"])
def test_a_field_that_recipe_and_chip_have_is_not_guessed(field):
    words = rf"setting {field}: recipe and chip both have it: write recipe\.{field}=\.\.\. or chip\.{field}=\.\.\."
    for settings in ([f"{field}=mine"], [f" {field} = mine"]):
        with pytest.raises(BadInput, match=words):
            chipsmith.run("diabetes", settings=settings)
        with pytest.raises(BadInput, match=words):
            chipsmith.compress("diabetes", settings=settings)


def test_where_there_is_but_a_recipe_or_but_a_chip_the_field_alone_will_do():
    assert change_recipe("diabetes", settings=["name=mine"]).name == "mine"
    assert change_recipe("diabetes", settings=["recipe.name=mine"]).name == "mine"
    compiled = chipsmith.compile("tests/networks/gru.tosa", settings=["name=mine", "chip.description=My own."])
    assert (compiled.program.chip.name, compiled.program.chip.description) == ("mine", "My own.")


def test_network_and_seed_are_settings_too():
    recipe, _ = read_job("diabetes", network="mine:build", seed=5)
    assert (recipe.network.kind, recipe.network.function, recipe.seed) == ("function", "mine:build", 5)


def test_a_setting_of_nothing_is_refused():
    with pytest.raises(
        BadInput, match=r"setting tensor\.rows=8: a recipe has no such field; a recipe has name, description, task"
    ):
        chipsmith.train("diabetes", settings=["tensor.rows=8"])
    with pytest.raises(BadInput, match=r"setting chip\.clock_mhz=8: a recipe has no such field"):
        chipsmith.train("diabetes", settings=["chip.clock_mhz=8"])
    with pytest.raises(BadInput, match="write field=value"):
        read_job("diabetes", settings=["training.epochs"])


def test_settings_change_a_recipe_in_memory_as_they_change_a_named_one():
    settings = ["training.epochs=3", "network.kind=mlp", "tensor.rows=8"]
    changed, chip_settings = read_job(load_recipe("diabetes"), settings=settings, seed=7)
    assert (changed, chip_settings) == read_job("diabetes", settings=settings, seed=7)
    assert (changed.training.epochs, changed.seed, chip_settings) == (3, 7, ["tensor.rows=8"])
    with pytest.raises(BadInput, match="epochs"):
        read_job(load_recipe("diabetes"), settings=["training.epochs=-1"])


# --- two processes in a folder ---------------------------------------------------------------------------------------

TRAINING = """
import sys, time
import chipsmith
from chipsmith.learn.progress import SilentProgress

class Slow(SilentProgress):
    def stage(self, name):
        print(name, flush=True)
        time.sleep(60)

chipsmith.{verb}("diabetes", out=sys.argv[1], progress=Slow(){more})
"""


@pytest.mark.parametrize(("verb", "more"), [("run", ""), ("compress", ", methods=['two_of_four']")])
def test_a_second_process_in_a_run_folder_is_refused(verb, more, tmp_path):
    """A real process is at work; after it is killed the folder is free."""
    out = tmp_path / "run"
    command = [sys.executable, "-c", TRAINING.format(verb=verb, more=more), str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline()
        for call in (chipsmith.run, chipsmith.train, chipsmith.compress):
            with pytest.raises(BadInput, match=r"another process works in .*: wait until it is done, or name another"):
                call("diabetes", out=out)
        other.kill()
    chipsmith.train("diabetes", settings=["training.epochs=1"], out=out)
    assert (out / "trained.safetensors").exists()
    assert not (out / ".lock").exists()


def test_work_that_fails_leaves_no_empty_folder(tmp_path):
    with pytest.raises(BadInput, match="no file or folder"):
        chipsmith.train("spoken_digits", settings=["data.path=nowhere"], out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
