"""Records of computers: what this one measured, in a file that another's page takes in."""

from __future__ import annotations

import json
from datetime import date

import pytest

from chipsmith.errors import BadInput
from chipsmith.profile.profile import Evidence
from chipsmith.systems.recording import FORM, read_record, record_schema, write_record
from chipsmith.systems.row import Generation, SystemRow

ROW = SystemRow(
    network="image",
    organisation="this computer",
    system="torch, float32",
    generation=Generation.GPU,
    how=Evidence.MEASURED,
    latency_us=210.5,
    p99_us=260.0,
    energy_uj=3_500.0,
    boundary="Latency: arrays in the memory of the device.",
    source="torch 2.13.0; p50 and p99 of 200 warm inferences",
    hardware="H200",
    software="torch",
    precision="float32",
)


def write(path, **changes):
    """A record of the row, its JSON changed by top-level keys."""
    write_record(
        path,
        [ROW],
        device="H200",
        driver="CUDA 13.0",
        versions={"torch": "2.13.0"},
        recorded=date(2026, 11, 29),
    )
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, **changes}))
    return content


def test_a_record_comes_back_with_the_device_the_date_and_the_versions(tmp_path):
    write(tmp_path / "h200.json")
    (row,) = read_record(tmp_path / "h200.json")
    assert (row.network, row.system, row.generation) == ("image", "torch, float32", Generation.GPU)
    assert (row.latency_us, row.p99_us, row.energy_uj) == (210.5, 260.0, 3_500.0)
    assert row.how is Evidence.MEASURED
    assert row.organisation == "H200"
    assert row.source.endswith("h200.json, recorded on 2026-11-29 with torch 2.13.0, CUDA 13.0")
    assert row.boundary == ROW.boundary


def test_only_what_was_measured_is_recorded(tmp_path):
    published = SystemRow(**{**vars(ROW), "how": Evidence.PUBLISHED})
    versions, recorded = {"torch": "2.13.0"}, date(2026, 11, 29)
    count = write_record(
        tmp_path / "r.json", [ROW, published], device="H200", driver="", versions=versions, recorded=recorded
    )
    assert count == 1
    with pytest.raises(BadInput, match="nothing was measured on this computer"):
        write_record(tmp_path / "s.json", [published], device="H200", driver="", versions=versions, recorded=recorded)
    assert not (tmp_path / "s.json").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"latency_us": -1}, "rows.0.latency_us = -1 is not allowed: give a number above 0"),
        ({"latency_us": "fast"}, "rows.0.latency_us = 'fast' is not allowed: give a number above 0"),
        ({"latency_us": None, "p99_us": None, "energy_uj": None}, "a row needs latency_us or energy_uj"),
        ({"p99_us": 1.0}, "p99_us is less than latency_us"),
        ({"latency_us": "80"}, "rows.0.latency_us = '80' is not allowed: give a number above 0"),
        ({"latency_us": True}, "rows.0.latency_us = true is not allowed: give a number above 0"),
        ({"generation": "quantum"}, "a record has no quantum rows"),
        ({"generation": "one core", "threads": 8}, "8 threads do not run on one core"),
        ({"system": " "}, "rows.0.system = ' ' is not allowed: give a text"),
        ({"generation": "abacus"}, "rows.0.generation = 'abacus' is not allowed: give one of one core, many cores"),
        ({"how": "published"}, "rows.0.how = 'published' is not allowed: give measured"),
        ({"boundary": ""}, "rows.0.boundary = '' is not allowed: give a text"),
        ({"speed": 1}, "rows.0.speed is not a field"),
    ],
)
def test_a_bad_row_is_named_with_its_field(tmp_path, change, message):
    path = tmp_path / "bad.json"
    content = write(path)
    write(path, rows=[{**content["rows"][0], **change}])
    with pytest.raises(BadInput) as refusal:
        read_record(path)
    assert str(refusal.value).startswith(f"{path} is no record of `chipsmith generations --record`: ")
    assert message in str(refusal.value)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"form": "another"}', "\x00\x01", '{"rows": [NaN]}'])
def test_a_file_that_is_no_record_is_refused_in_a_line(tmp_path, text):
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(BadInput) as refusal:
        read_record(path)
    assert "\n" not in str(refusal.value)


def test_the_mark_that_some_editors_write_first_is_no_fault(tmp_path):
    path = tmp_path / "r.json"
    write(path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read_record(path)) == 1


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"cannot read .*none\.json: No such file"):
        read_record(tmp_path / "none.json")


def test_endless_numbers_and_another_version_are_refused(tmp_path):
    path = tmp_path / "r.json"
    write(path, schema_version=2)
    with pytest.raises(BadInput, match="schema_version = 2 is not allowed: give 1"):
        read_record(path)
    write(path)
    path.write_text(path.read_text().replace("210.5", "Infinity"))
    with pytest.raises(BadInput, match="latency_us"):
        read_record(path)


def test_the_schema_names_the_form():
    assert FORM in json.dumps(record_schema())
