"""Chip files with anything in them: a Chip, or one message of one line and no other error."""

from __future__ import annotations

import contextlib
import copy

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from chipsmith.chip import Chip, load_chip
from chipsmith.chip.reading import override_chip, parse_overrides, read_chip
from chipsmith.errors import BadInput

TEXT = load_chip("nano-64").to_yaml()
FIELDS = yaml.safe_load(TEXT)
NUMBERS = st.sampled_from([-1, 0, 1, 3, 1 << 31, 1 << 64, 10**40, 0.5, 1e300, float("inf"), float("nan")])
VALUES = st.one_of(NUMBERS, st.text(max_size=20), st.booleans(), st.none(), st.lists(NUMBERS, max_size=2))


@settings(deadline=None, max_examples=150)
@given(place=st.integers(0, len(TEXT) - 1), text=st.text(max_size=6), dropped=st.integers(0, 40))
def test_a_damaged_chip_file_never_ends_in_a_traceback(place, text, dropped):
    with contextlib.suppress(BadInput):
        assert isinstance(read_chip(TEXT[:place] + text + TEXT[place + dropped :], origin="damaged"), Chip)


@settings(deadline=None, max_examples=150)
@given(section=st.sampled_from(list(FIELDS)), field=st.integers(0, 20), value=VALUES)
def test_any_field_may_hold_anything(section, field, value):
    changed = copy.deepcopy(FIELDS)
    inner = changed[section]
    if isinstance(inner, dict):
        inner[list(inner)[field % len(inner)]] = value
    else:
        changed[section] = value
    with contextlib.suppress(BadInput):
        assert isinstance(read_chip(yaml.safe_dump(changed), origin="absurd"), Chip)


@settings(deadline=None, max_examples=100)
@given(setting=st.text(max_size=30), value=st.text(max_size=12))
def test_any_setting_is_a_chip_or_bad_input(setting, value):
    with contextlib.suppress(BadInput):
        override_chip(load_chip("nano-64"), parse_overrides([setting]))
    with contextlib.suppress(BadInput):
        override_chip(load_chip("nano-64"), {"tensor.rows": value})
