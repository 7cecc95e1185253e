"""A section of one of several kinds, written wrongly: each message shows the whole section, and every mend works."""

from __future__ import annotations

import copy
import re

import pytest
import yaml

from chipsmith.errors import BadInput
from chipsmith.learn import load_recipe

FIELDS = {
    "name": "own",
    "task": "classification",
    "data": {"kind": "digits"},
    "network": {"kind": "cnn"},
    "training": {"epochs": 1},
}


def written(folder, **training):
    file = folder / "own.yaml"
    fields = copy.deepcopy(FIELDS)
    for place, value in training.items():
        section, _, name = place.partition("__")
        (fields[section] if name else fields)[name or section] = value
    file.write_text(yaml.safe_dump(fields))
    return file


def refusal(file):
    with pytest.raises(BadInput) as refused:
        load_recipe(file)
    return str(refused.value)


@pytest.mark.parametrize(
    "change",
    [
        {"training__optimizer": "adam"},
        {"training__optimizer": 3},
        {"training__schedule": "one_cycle"},
        {"training__augmentation": "image"},
        {"data": "digits"},
        {"network": "cnn"},
    ],
    ids=str,
)
def test_the_setting_that_a_message_proposes_mends_the_file_that_it_is_about(change, tmp_path):
    file = written(tmp_path, **change)
    proposed = re.search(r"--set (\S+)", refusal(file))
    assert proposed
    assert load_recipe(file, [proposed[1]])


def test_a_setting_is_proposed_where_the_kind_alone_makes_a_section(tmp_path):
    said = refusal(written(tmp_path, data=None))
    assert "data: {kind: characters, path: text}" in said
    assert "--set" not in said


def test_a_single_value_that_is_no_section_has_no_fields(tmp_path):
    file = written(tmp_path, training__epochs=3)
    with pytest.raises(BadInput, match="epochs is a single value"):
        load_recipe(file, ["training.epochs.x=3"])


def test_a_wrong_name_shows_the_whole_section_of_the_right_one(tmp_path):
    said = refusal(written(tmp_path, training__lr=0.1))
    assert (
        "did you mean training.optimizer.learning_rate? (for example optimizer: {kind: adamw, learning_rate: 0.1}"
        in said
    )
    optimizer = {"kind": "adamw", "learning_rate": 0.1}
    assert load_recipe(written(tmp_path, training__optimizer=optimizer)).training.optimizer.learning_rate == 0.1


def test_what_is_written_already_stays_in_the_example(tmp_path):
    said = refusal(written(tmp_path, training__lr=0.1, training__optimizer={"kind": "sgd", "momentum": 0.9}))
    assert "optimizer: {kind: sgd, momentum: 0.9, learning_rate: 0.1}" in said


def test_a_missing_kind_is_that_of_the_default_or_one_that_has_what_is_given(tmp_path):
    assert "for example optimizer: {kind: adamw, learning_rate: 0.1}" in refusal(
        written(tmp_path, training__optimizer={"learning_rate": 0.1})
    )
    assert "for example optimizer: {kind: sgd, nesterov: true}" in refusal(
        written(tmp_path, training__optimizer={"nesterov": True})
    )


@pytest.mark.parametrize("kind", ["images", "image", "Image-Folders"])
def test_a_kind_is_found_by_one_of_its_words(kind, tmp_path):
    assert "did you mean image_folder?" in refusal(written(tmp_path, data={"kind": kind, "path": "x"}))
