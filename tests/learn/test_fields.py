"""The tables of fields in the documentation."""

from __future__ import annotations

from chipsmith.learn.data import DataSettings
from chipsmith.learn.fields import kinds_table
from chipsmith.learn.networks import NetworkSettings


def rows(settings) -> dict[str, str]:
    lines = kinds_table(settings).splitlines()[2:]
    return {kind.strip(" `"): fields.strip() for _, kind, fields, _ in (line.split("|") for line in lines)}


def test_every_kind_has_its_fields_and_their_defaults():
    families = rows(NetworkSettings)
    assert families["mlp"] == "`hidden`: [64, 64], `activation`: relu (gelu, tanh), `dropout`: 0.0"
    assert families["function"] == "`function`, `tokens`: false"
    assert families["mobilenet_v1"].endswith("`stages`: ...")


def test_sections_within_sections_are_left_to_the_schema():
    kinds = rows(DataSettings)
    assert kinds["digits"] == "`classes`: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]"
    assert kinds["cifar10"].startswith("`path`")
    assert kinds["spoken_digits"].startswith('`path`, `validation`: ["theo"]')
    assert kinds["sklearn"].endswith("wine), `shares`: {}")
