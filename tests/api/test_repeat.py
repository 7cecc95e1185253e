"""The command that repeats a call, as it would be typed."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

import chipsmith
from chipsmith.api.repeat import repeat_call
from chipsmith.chip import load_chip
from chipsmith.learn import load_recipe


@pytest.mark.parametrize(
    ("given", "shell", "python"),
    [
        ({"recipe": "digits"}, "chipsmith run digits", "chipsmith.run('digits')"),
        (
            {"recipe": "digits", "settings": ("training.epochs=3", "network.channels=[4, 8]"), "seed": 0},
            "chipsmith run digits --set training.epochs=3 --set 'network.channels=[4, 8]' --seed 0",
            "chipsmith.run('digits', settings=['training.epochs=3', 'network.channels=[4, 8]'], seed=0)",
        ),
        (
            {"recipe": Path("my recipes/a.yaml"), "chip": "nano-64", "cosim": True, "wipe": False, "volume": 10},
            "chipsmith run 'my recipes/a.yaml' --chip nano-64 --cosim --volume 10",
            "chipsmith.run('my recipes/a.yaml', chip='nano-64', cosim=True, volume=10)",
        ),
        (
            {"recipe": "digits", "network": "mine:build", "allow": ["a:b"], "volume": 1_000_000, "out": "x"},
            "chipsmith run digits --network mine:build --allow a:b",
            "chipsmith.run('digits', network='mine:build', allow=['a:b'])",
        ),
    ],
)
def test_a_call_is_the_command_that_does_the_same(given, shell, python):
    command = repeat_call(chipsmith.run, given)
    assert (command.shell, command.python, command.files) == (shell, python, ())


def test_what_has_no_name_is_named_by_its_file_in_the_run_folder():
    own = load_chip("edge-256", {"tensor.rows": "8"})
    command = repeat_call(chipsmith.run, {"recipe": load_recipe("digits"), "chip": own})
    assert command.shell == "chipsmith run recipe.yaml --chip chip.yaml"
    assert command.files == ("recipe.yaml", "chip.yaml")


def test_a_chip_of_the_catalogue_keeps_its_name():
    assert repeat_call(chipsmith.run, {"recipe": "digits", "chip": load_chip("nano-64")}).shell.endswith("nano-64")


def test_a_function_that_a_recipe_names_is_allowed_again():
    recipe = load_recipe("digits", ["network.kind=function", "network.function=mine:build"])
    command = repeat_call(chipsmith.run, {"recipe": recipe})
    assert shlex.split(command.shell)[2:] == ["recipe.yaml", "--allow", "mine:build"]
