"""What a shell offers for the words of each verb: names of chips and runs, and every closed set of choices."""

from __future__ import annotations

import re

import pytest
from click.shell_completion import BashComplete

from chipsmith import cli
from chipsmith.api import VERBS
from chipsmith.api.parameter import Argument, Option

WORDS = [(verb, word) for verb in VERBS.values() for word in verb.words]
CHOICES = {
    "runs --sort": {"time", "metric", "cost"},
    "run --track": {"tensorboard", "mlflow"},
    "train --track": {"tensorboard"},
    "compile x --print-after": {"quantise"},
    "compile x --quantise": {"minmax"},
    "infer x --target": {"npu", "source", "cpu"},
    "infer x --runtime": {"openvino"},
    "infer x --precision": {"int8", "float32"},
    "infer x --board": {"mps2-an386"},
    "compress --method": {"channels", "two_of_four"},
    "judge x --part": {"validation", "test"},
    "stream x --format": {"s16le", "u8"},
    "tune x --recipe": {"wake_word"},
    "judge x --recipe": {"digits"},
    "scale x --over": {"batch", "lanes"},
    "generations --system": {"cpu", "published"},
    "generations --lang": {"en", "zh"},
    "generations": {"image", "digits"},
    "conformance --target": {"npu", "rtl"},
    "conformance --op": {"conv2d"},
    "deploy x --target": {"c"},
    "kernel": {"conv2d", "softmax"},
    "kernel conv2d --dtype": {"int8", "int16"},
}


def offered(line, begun=""):
    shell = BashComplete(cli.app, {}, "chipsmith", "_CHIPSMITH_COMPLETE")
    return {item.value for item in shell.get_completions(line.split(), begun) if item.type == "plain"}


@pytest.mark.parametrize(("verb", "word"), [(v, w) for v, w in WORDS if w.name in ("chip", "chips")])
def test_a_word_named_chip_completes_the_catalogue(verb, word):
    flags = [word.flags[0]] if isinstance(word.form, Option) else []
    places = ["x"] * sum(each.required and isinstance(each.form, Argument) for each in verb.words)
    assert "edge-256" in offered(" ".join([verb.command, *places, *flags]), "ed")


@pytest.mark.parametrize("line", CHOICES)
def test_a_closed_set_is_offered(line):
    assert CHOICES[line] <= offered(line)


def test_an_option_whose_help_lists_words_offers_them():
    """A help such as `validation or test.` is a closed set, and so has something to offer."""
    listing = re.compile(r"(^|: )[a-z0-9_-]+(, [a-z0-9_-]+)*,? or [a-z0-9_-]+[.;]")
    silent = [
        (verb.name, word.name)
        for verb, word in WORDS
        if isinstance(word.form, Option) and listing.search(word.help) and not (word.form.suggest or word.form.choices)
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("verb", "word"),
    [(v, w) for v, w in WORDS if isinstance(w.form, Argument) and re.search(r"\brun'?s?\b", w.help)],
)
def test_an_argument_that_takes_a_run_offers_the_runs(verb, word, tmp_path, monkeypatch):
    if verb.name == "runs":
        pytest.skip("a folder of runs, not one of them")
    for name in ("runs/mine", "here"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "result.json").touch()
    (tmp_path / "runs" / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    assert {"mine", "here"} <= set(word.form.suggest())
    assert "empty" not in set(word.form.suggest())
    assert {"mine"} == offered(verb.command, "mi")


def test_channels_offers_the_layers_of_the_network_on_the_line():
    assert any(name.endswith("=") for name in offered("explain tests/networks/digits_cnn.tosa --channels"))
    assert offered("explain nothing-here --channels") == set()


def test_files_of_networks_are_offered_beside_runs(tmp_path, monkeypatch):
    (tmp_path / "small.tosa").touch()
    (tmp_path / "small.program").touch()
    monkeypatch.chdir(tmp_path)
    assert offered("compile") == {"small.tosa"}
    assert offered("simulate") == {"small.program"}
    assert offered("explain") == {"small.tosa", "small.program"}
