"""A page is opened in a browser: no text of a record may become an element, an attribute or a script on it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import ValidationError
from sample_runs import full_record
from toy_compression import FAST, MIDDLE, SLOW, toy_compression

from chipsmith.errors import BadInput
from chipsmith.reports.compression import render_compression
from chipsmith.reports.html import render_page
from chipsmith.reports.record import record_from_plain, record_to_plain
from chipsmith.studies.budget import Budget
from chipsmith.studies.result import Compression

PLANTED = '" onplanted="x\' onplanted=\'x"><script>planted()</script><!--'


def places(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to the text of every field; of a list, those in its first item."""
    if isinstance(content, str):
        yield path
    inner = (
        content.items() if isinstance(content, dict) else enumerate(content[:1]) if isinstance(content, list) else ()
    )
    for key, value in inner:
        yield from places(value, (*path, key))


def planted(content: Any, path: tuple[Any, ...]) -> Any:
    changed = json.loads(json.dumps(content))
    parent = changed
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = PLANTED
    return changed


def draw_run(plain: Any) -> str:
    return render_page(record_from_plain(plain, name="result.json"))


def draw_compression(plain: Any) -> str:
    return render_compression(Compression.model_validate(plain))


RUN = record_to_plain(full_record())
COMPRESSION = toy_compression(SLOW, MIDDLE, FAST, budget=Budget(max_latency_us=50)).model_dump(mode="json")


@pytest.mark.parametrize(("plain", "draw"), [(RUN, draw_run), (COMPRESSION, draw_compression)])
def test_no_text_of_a_record_is_code_on_its_page(plain: Any, draw: Callable[[Any], str]):
    drawn = 0
    for path in places(plain):
        try:
            page = draw(planted(plain, path))
        except (BadInput, ValidationError, LookupError, ValueError):
            continue  # of an enumeration, or the name of something that is not there
        drawn += 1
        body, _, charts = page.partition('<script type="application/json" id="charts">')
        assert "<script>planted" not in charts, path
        for code in ("<script>planted", '" onplanted="', "' onplanted='"):
            assert code not in body, path
    assert drawn > 5
