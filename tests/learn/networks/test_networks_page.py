"""The table of docs/networks.md is that of the compiler and the cycle simulator as they stand."""

from __future__ import annotations

from typing import get_args

from families import PAGE, table

from chipsmith.learn.networks import NetworkSettings


def test_the_page_shows_the_figures_of_today() -> None:
    assert table() in PAGE.read_text(), "write it anew: python tests/networks/families.py --page"


def test_the_page_names_every_family_and_field() -> None:
    text = PAGE.read_text()
    for family in get_args(get_args(NetworkSettings)[0]):
        fields = family.model_fields
        assert f"`{fields['kind'].default}`" in text
        assert not [name for name in fields if name != "kind" and f"`{name}`" not in text], family
