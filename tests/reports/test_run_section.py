"""What the page says of how a run was made, what it answered worst, and what a chip costs part by part."""

from __future__ import annotations

import dataclasses
import re

import pytest
from sample_runs import bare_record, full_record

from chipsmith.reports.headline import headlines
from chipsmith.reports.html import draw_body
from chipsmith.reports.record import record_from_plain, record_to_plain
from chipsmith.reports.run_facts import Mistake, MistakesRecord
from chipsmith.reports.sections import mistakes, run, silicon


def test_the_page_has_the_command_the_recipe_and_what_was_changed_of_it():
    html = run.SECTION.draw(full_record()).html
    assert "chipsmith run recipe.yaml --set &#x27;training.epochs=2&#x27; --seed 7" in html
    assert "It names <code>recipe.yaml</code> of this run" in html
    assert "Made of the shipped recipe digits, with these fields changed:" in html
    changed = re.search(r"<td>training.epochs</td><td[^>]*>30</td><td[^>]*>2</td>", html)
    assert changed is not None
    assert "<pre>name: digits\ntraining:\n  epochs: 2\n</pre>" in html


def test_the_page_has_splits_and_parameters():
    html = run.SECTION.draw(full_record()).html
    assert "5,000 examples: drawn for the &lt;tests&gt;; seed 7." in html
    assert "not told: the training is private" in html
    assert "1,234 parameters that training chose, and 56 numbers that are kept with them" in html
    assert "8x1x3x3, 8" in html


def test_an_unchanged_recipe_says_so():
    record = full_record()
    same = dataclasses.replace(record, recipe=dataclasses.replace(record.recipe, changes=()))
    assert "As the shipped recipe digits, unchanged." in run.SECTION.draw(same).html


def test_a_record_of_before_these_facts_still_reads_and_draws():
    plain = record_to_plain(full_record())
    for name in ("recipe", "command", "splits", "parameters", "mistakes"):
        del plain[name]
    old = record_from_plain(plain, name="an old result.json")
    assert (old.recipe, old.command, old.splits, old.parameters, old.mistakes) == (None,) * 5
    body = draw_body(old).html
    assert 'id="mistakes"' not in body
    assert "What repeats it" not in body
    assert "Versions, files and times" in body


def test_mistakes_are_pictures_where_there_are_some():
    html = mistakes.SECTION.draw(full_record()).html
    assert "21 of 1,000 test examples are answered wrongly. 1 of them are shown" in html
    assert "cat taken for <b>&lt;dog&gt;</b>" in html
    assert "98.7 % sure; 1.3 % for the truth" in html
    assert 'alt="image &lt;5&gt;: cat, answered &lt;dog&gt;" src="data:image/png;base64,iVBORw0KGgo="' in html


def test_mistakes_without_pictures_are_a_table_with_the_columns_that_they_have():
    wrong = Mistake(index=3, name="row 9", target="151", answer="98.5", residual=-52.5)
    record = dataclasses.replace(
        bare_record(), mistakes=MistakesRecord(order="the largest residual first", count=88, wrong=None, shown=(wrong,))
    )
    html = mistakes.SECTION.draw(record).html
    assert "1 of 88 test examples: the largest residual first, as the chip answered." in html
    assert "-52.5" in html
    assert "residual" in html
    assert "probability" not in html
    assert mistakes.SECTION.draw(bare_record()) is None


def test_package_test_and_masks_stand_beside_the_die():
    record = bare_record()
    bars = silicon.SECTION.draw(record).charts["cost-parts"]["data"][0]
    parts = record.inference.cost.parts
    assert bars["y"] == ["die", "package and assembly", "test", "masks", "design"]
    assert bars["x"] == [part.value for part in parts.values()]
    rows = {row.label: row.figure.value for row in headlines(record)}
    told = [rows[label] for label in ("die cost", "package cost", "test cost", "masks cost", "design cost")]
    assert told == bars["x"]
    assert sum(told) == pytest.approx(rows["cost a chip"])
