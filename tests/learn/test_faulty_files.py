"""Hundreds of faulty recipes, chips, studies, settings: messages in the user's terms, with the field's place."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from chipsmith.chip import catalogue, load_chip, read_chip
from chipsmith.errors import BadInput
from chipsmith.flow.training import read_job
from chipsmith.learn.recipe import load_recipe, read_recipe, shipped_recipes
from chipsmith.plain_yaml import parse_document
from chipsmith.studies.search.study_file import parse_study

EXAMPLES = Path(__file__).parents[2] / "examples"
STUDIES = sorted(EXAMPLES.glob("search_*.yaml"))
JARGON = re.compile(
    r"[Ii]nput should|[Ee]xtra inputs|discriminat|not permitted|pydantic|type=|validation error|union_tag|"
    r"Field required|valid (string|integer|number|boolean|dictionary|list|tuple)|Traceback|\[type|should have at least|"
    r"should match|NoneType|<class|tuple\[|function-|model_type|unhashable|object has no"
)
WRONG_VALUES: tuple[Any, ...] = (
    "adam",
    -7,
    3.7,
    [],
    [[1]],
    {"a": 1},
    {"kind": "nothing"},
    None,
    True,
    "",
    float("nan"),
)
WRONG_NAMES = (
    "lr",
    "batch",
    "bs",
    "epochs",
    "wd",
    "hidden",
    "units",
    "n_layers",
    "kernel_size",
    "colour",
    "Kind",
    "x y",
)
CASES = 40


def places(fields: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all values, sections and lists among them."""
    items = fields.items() if isinstance(fields, dict) else enumerate(fields) if isinstance(fields, list) else ()
    for key, value in items:
        yield (*place, key)
        yield from places(value, (*place, key))


def at_place(fields: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        fields = fields[key]
    return fields


def mutate(fields: dict[str, Any], generator: random.Random) -> tuple[dict[str, Any], str]:
    """The fields with a fault, and the dotted place of it."""
    changed = copy.deepcopy(fields)
    place = generator.choice(list(places(fields)))
    holder, key = at_place(changed, place[:-1]), place[-1]
    match generator.randrange(4):
        case 0:
            holder[key] = generator.choice(WRONG_VALUES)
        case 1 if isinstance(holder, dict):
            name = generator.choice(WRONG_NAMES)
            holder[name] = generator.choice((1, "a", [2], {"b": 3}))
            place = (*place[:-1], name)
        case 2 if isinstance(holder, dict):
            name = str(key)[:-1] or "z"
            holder[name] = holder.pop(key)
            place = (*place[:-1], name)
        case _:
            holder[key] = {"value": holder[key]} if generator.random() < 0.5 else [holder[key], {}]
    return changed, ".".join(map(str, place))


def check(message: str, place: str, fields: object) -> None:
    assert not JARGON.search(message), message
    assert "\n" not in message or "faults:\n" in message, message
    named = [part for part in place.split(".") if not part.isdecimal()]
    assert any(part in message for part in reversed(named)), (place, message, fields)
    assert len(message) < 20_000


def refusals(
    fields: dict[str, Any], read: Callable[[dict[str, Any]], object], *, seed: int
) -> Iterator[tuple[str, str, object]]:
    generator = random.Random(seed)
    for _ in range(CASES):
        changed, place = mutate(fields, generator)
        try:
            read(changed)
        except BadInput as refusal:
            yield str(refusal), place, changed


@pytest.mark.parametrize("name", shipped_recipes())
def test_a_faulty_recipe_is_refused_in_the_users_terms(name):
    fields = load_recipe(name).model_dump(mode="json", exclude_none=True, exclude_unset=True)
    refused = list(refusals(fields, lambda changed: read_recipe(changed, origin="mine.yaml"), seed=1))
    assert len(refused) > CASES // 2
    for message, place, changed in refused:
        check(message, place, changed)


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_a_faulty_study_is_refused_in_the_users_terms(path):
    fields = parse_document(path.read_text(), origin=path.name, form="a study").fields
    refused = list(refusals(fields, lambda changed: parse_study(changed, origin="mine.yaml"), seed=2))
    assert len(refused) > CASES // 3
    for message, place, changed in refused:
        check(message, place, changed)


@pytest.mark.parametrize("name", ["edge-256", "nano-64"])
def test_a_faulty_chip_is_refused_in_the_users_terms(name):
    assert name in catalogue()
    fields = load_chip(name).model_dump(mode="json")
    refused = list(refusals(fields, lambda changed: read_chip(yaml.safe_dump(changed), origin="mine.yaml"), seed=3))
    assert len(refused) > CASES // 2
    for message, place, changed in refused:
        check(message, place, changed)


SETTING_NAMES = (*WRONG_NAMES, "training.lr", "training.optimizer", "optimizer", "network.channels", "data.size")
SETTING_VALUES = ("adam", "-7", "[1, {", "{a: 1}", "3.7", "yes", '"', "a: b: c", "!x 1", "*a", "1e999", "[]")


@pytest.mark.parametrize("name", shipped_recipes())
def test_a_faulty_setting_is_refused_in_the_users_terms(name):
    generator = random.Random(4)
    fields = load_recipe(name).model_dump(mode="json", exclude_none=True)
    known = [".".join(map(str, place)) for place in places(fields) if all(isinstance(key, str) for key in place)]
    refused = 0
    for _ in range(CASES):
        path = generator.choice((*SETTING_NAMES, *known))
        setting = f"{path}={generator.choice(SETTING_VALUES)}"
        try:
            read_job(name, settings=[setting])
        except BadInput as refusal:
            refused += 1
            check(str(refusal), path, setting)
    assert refused > CASES // 2


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("training.optimizer=adam", "for example optimizer: {kind: adam}, or --set training.optimizer.kind=adam"),
        ("optimizer=adam", "did you mean training.optimizer?"),
        ("training.lr=0.1", "did you mean training.optimizer.learning_rate?"),
        ("lr=0.1", "did you mean training.optimizer.learning_rate?"),
        ("bs=64", "did you mean training.batch_size?"),
        ("epochs=3", "did you mean training.epochs?"),
        ("wd=0.1", "did you mean training.optimizer.weight_decay?"),
        ("training.lr_schedule=cosine", "did you mean training.schedule?"),
        ("network.hidden=64", "did you mean network.dense?"),
        ("network.kernel_size=5", "did you mean network.kernel?"),
        ("network.channels=16", "for example channels: [16]"),
        ("network.channels={a: 1}", "give a list of 1 to 8, each a whole number"),
        (
            "data={kind: image_folder, path: x, size: 32}",
            "a list of 2, each a whole number from 1 to 4,096 (height and ",
        ),
        ("data={kind: image_folder, path: x, size: 32}", "for example size: [32, 32]"),
        ("rows=16", "neither recipe nor chip has this field; did you mean tensor.rows?"),
    ],
)
def test_what_users_of_other_tools_write_is_understood(setting, words):
    with pytest.raises(BadInput) as refusal:
        read_job("digits", settings=[setting])
    assert words in str(refusal.value)


def test_a_fault_in_a_file_has_its_line(tmp_path):
    (tmp_path / "mine.yaml").write_text(
        "name: mine\ntask: classification\ndata: {kind: digits}\ntraining:\n  lr: 0.1\n"
    )
    with pytest.raises(BadInput, match=r"line 5: training\.lr is not a field; did you mean training\.optimizer"):
        load_recipe(tmp_path / "mine.yaml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "name: mine\ntraining:\n  epochs: 3\n   batch_size: 4\n",
            r"line 4: not YAML: a ': ' where no field can stand",
        ),
        ("name: mine\n data: 3\n", r"line 2: not YAML: a ': ' where no field can stand: mind the indentation"),
        ("training:\n    epochs: 3\n  batch_size: 4\n", r"line 3: not YAML: it is indented otherwise"),
        ("name: mine\n\ttask: x\n", r"line 2: not YAML: a tab; indent by spaces"),
        ("name: mine\ntask\nseed: 3\n", r"line 3: not YAML: a line without ': '"),
        ("channels: [1, 2\nseed: 3\n", r"not YAML: a list that is not closed"),
        ("name: 'mine\n", r"not YAML: a quote that is not closed"),
        ("name: @mine\n", r"line 1: not YAML: a value that begins with a sign of YAML's own"),
    ],
)
def test_faults_of_indentation_are_told_with_their_line(tmp_path, text, words):
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(BadInput, match=words):
        load_recipe(tmp_path / "mine.yaml")
