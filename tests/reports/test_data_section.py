"""The page's section on the data: counts and findings as they stand in the record, every text escaped."""

from __future__ import annotations

import dataclasses
import re

from sample_runs import bare_record, full_record, sample_data

from chipsmith.reports.record import record_from_plain, record_to_plain
from chipsmith.reports.result import result_to_plain
from chipsmith.reports.sections.data import SECTION


def cells(html: str) -> list[list[str]]:
    """The texts of the cells of every row of every table."""
    rows = re.findall(r"<tr>(.*?)</tr>", html, flags=re.S)
    return [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)] for row in rows]


def test_counts_ranges_and_findings_are_those_of_the_record():
    html = SECTION.draw(full_record()).html
    assert "counted on all 4,800 examples, each decoded" in html
    assert "1 warning, 1 note." in html
    rows = cells(html)
    assert ["all", "3,500", "300", "1,000"] in rows
    assert ["inputs that an earlier part has", "0", "0", "2"] in rows
    assert ["&lt;8&gt;", "2,000", "200", "500"] in rows
    assert ["values as decoded", "0", "33.5", "255"] in rows
    assert ["size", "28 x 28 (4,700), 27 x 28 (90), others (10)"] in rows
    assert ["seconds", "0.5 to 2.25, median 1"] in rows
    assert any(row[:1] == ["warning"] and "a &lt;b&gt; (test) = c (training)" in row[2] for row in rows)


def test_a_record_without_a_look_has_no_section():
    assert SECTION.draw(bare_record()) is None


def test_data_without_findings_say_so():
    clean = dataclasses.replace(full_record(), data=dataclasses.replace(sample_data(), findings=()))
    assert "Nothing to say against these data." in SECTION.draw(clean).html


def test_a_sample_is_called_a_sample():
    assert dataclasses.replace(sample_data(), looked_at=100).obtained == (
        "counted on 100 of 4,800 examples, drawn by the seed, each decoded"
    )


def test_the_record_goes_to_json_and_back_and_findings_stand_at_the_top():
    record = full_record()
    assert record_from_plain(record_to_plain(record), name="result.json").data == sample_data()
    assert [(row["severity"], row["kind"], row["count"]) for row in result_to_plain(record)["data_findings"]] == [
        ("warning", "leakage", 2),
        ("note", "duplicates", 4),
    ]
