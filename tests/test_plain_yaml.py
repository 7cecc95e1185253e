"""The one reader of chip files, recipes, studies and settings."""

from __future__ import annotations

import pytest

from chipsmith.errors import BadInput
from chipsmith.plain_yaml import parse_document, parse_value


def fault(text):
    with pytest.raises(BadInput) as raised:
        parse_document(text, origin="study mine.yaml", form="a study is a YAML mapping")
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "number"),
    [("1e-5", 1e-5), ("-1E+3", -1000.0), ("2.5e3", 2500.0), (".5e1", 5.0), ("7e0", 7.0), ("1.e2", 100.0)],
)
def test_a_number_with_an_exponent_is_a_number_without_a_point_or_a_sign_too(text, number):
    value = parse_value(text)
    assert (type(value), value) == (float, number)
    assert parse_value(f"'{text}'") == text
    assert parse_value(f'"{text}"') == text


@pytest.mark.parametrize("text", ["e5", "1e", "1e5x", "1-e5", "0x1e5g", "1e-5 s", "v1e5"])
def test_what_is_like_such_a_number_stays_a_text(text):
    assert parse_value(text) == text


def test_the_lines_of_the_fields_are_known_by_dotted_path():
    document = parse_document("trials: 1e2\nspace:\n  chip: {base: edge-256}", origin="study", form="a mapping")
    assert document.fields == {"trials": 100.0, "space": {"chip": {"base": "edge-256"}}}
    assert document.lines == {"trials": 1, "space": 2, "space.chip": 3, "space.chip.base": 3}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\na: 2", "study mine.yaml, line 2: a is given twice (first on line 1): keep one"),
        ("a: 1\n'a': 2", "line 2: a is given twice"),
        ("space:\n  chip:\n    rows: 1\n    lanes: 2\n    rows: 3", "line 5: space.chip.rows is given twice"),
        ("network:\n- {file: a}\n- file: b\n  file: c", "line 4: network.1.file is given twice (first on line 3)"),
        ("a: {b: 1, c: {d: 1}, b: 2}", "line 1: a.b is given twice"),
        ("a: &x 1\nb: *x", "line 2: not YAML: *x is an alias; write each value out"),
        ("? [1, 2]\n: 3", "line 1: not YAML"),
        ("- a", "study mine.yaml: a study is a YAML mapping"),
    ],
)
def test_what_would_not_mean_what_it_seems_to_is_refused_with_its_line(text, words):
    assert words in fault(text)


def test_equal_keys_of_different_sections_are_not_given_twice():
    fields = parse_document("a: {x: 1}\nb: {x: 2}\nc: [{x: 3}, {x: 4}]", origin="study", form="a mapping").fields
    assert fields == {"a": {"x": 1}, "b": {"x": 2}, "c": [{"x": 3}, {"x": 4}]}
