"""The record of a run: plain data that goes to JSON and back, and says how each figure was obtained."""

from __future__ import annotations

import dataclasses
import json

import pytest
from sample_runs import bare_record, full_record, named_record

from chipsmith.errors import BadInput
from chipsmith.reports.headline import headlines, percent, significant
from chipsmith.reports.record import record_from_plain, record_to_plain
from chipsmith.reports.result import read_result, result_to_plain, write_result


@pytest.mark.parametrize("make", [bare_record, full_record, named_record])
def test_json_and_back(make):
    text = json.dumps(record_to_plain(make()))
    assert record_from_plain(json.loads(text), name="text") == make()


def test_a_foreign_version_is_named():
    fields = record_to_plain(bare_record()) | {"schema_version": 99}
    with pytest.raises(BadInput, match=r"old\.json has schema_version 99; this Chipsmith reads 4"):
        record_from_plain(fields, name="old.json")


def test_a_record_of_version_2_is_read_as_one_of_today():
    fields = record_to_plain(full_record()) | {"schema_version": 2}
    stages = {"source": "float", "int8": "int8", "npu": "chip"}
    for row in (*fields["metrics"], *fields["calibration"]):
        row["stage"] = stages[row.pop("target")]
        row.pop("kind", None)
    fields["inference"]["memory_peak_bytes"] = 1
    assert record_from_plain(fields, name="old.json") == full_record()


def test_a_record_of_version_3_is_priced_and_timed_anew():
    """It had the bare die, package and assembly apart, and sentences on slow memories."""
    fields = record_to_plain(full_record()) | {"schema_version": 3}
    del fields["inference"]["timing"]
    fields["inference"] |= {"cost": {"die_usd": 0.05}, "slow_memories": []}
    assert record_from_plain(fields, name="old.json") == full_record()


def test_a_damaged_record_of_version_2_is_told_by_its_field():
    with pytest.raises(BadInput, match=r"old\.json holds no record of a run: 'metrics'"):
        record_from_plain({"schema_version": 2}, name="old.json")


def test_a_target_that_a_run_judged_too_has_fields_of_its_own():
    record = full_record()
    other = dataclasses.replace(record.metrics[0], target="rtl")
    result = result_to_plain(dataclasses.replace(record, metrics=(*record.metrics, other)))
    assert (result["metric_rtl"], result["accuracy_rtl_interval"]) == (other.value, [other.low, other.high])


def test_a_damaged_record_is_told_by_its_field():
    fields = record_to_plain(bare_record())
    fields["inference"]["latency"]["cold_cycles"] = "soon"
    with pytest.raises(BadInput, match=r"inference.latency.cold_cycles: Input should be a valid integer"):
        record_from_plain(fields, name="text")


def test_result_has_the_fields_that_scripts_read(tmp_path):
    record = full_record()
    write_result(record, tmp_path / "result.json")
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["schema_version"] == 1
    assert (result["accuracy_source"], result["accuracy_int8"], result["accuracy_npu"]) == (0.981, 0.98, 0.979)
    assert (result["bit_exact"], result["images"]) == (True, 1000)
    latency = record.inference.latency
    assert (result["latency_cycles"], result["latency_us"]) == (latency.cold_cycles, latency.cold_cycles / 500)
    assert result["energy_uj"] == pytest.approx(record.inference.energy.total / 1e6)
    assert result["area_mm2"] == record.inference.area.total
    cost, clock = record.inference.cost, record.inference.timing.max_clock_mhz
    assert result["die_cost_usd"] == cost.die_usd.value
    assert result["chip_cost_usd"] == pytest.approx(sum(result["chip_cost_parts_usd"].values()))
    assert result["chip_cost_usd_range"] == [cost.chip_usd.low, cost.chip_usd.high]
    assert (result["volume"], result["max_clock_mhz"]) == (1_000_000, clock.value)
    names = [operator.name for operator in record.inference.operators]
    assert [operator["name"] for operator in result["operators"]] == names
    fields = {"name", "layer", "kind", "placed", "reason", "kernel"}
    assert all(set(operator) == fields for operator in result["operators"])
    assert read_result(tmp_path / "result.json") == record


def test_a_record_from_before_the_authors_names_still_opens():
    fields = record_to_plain(bare_record())
    for operator in fields["inference"]["operators"]:
        del operator["source"]
    for kernel in fields["inference"]["kernels"]:
        del kernel["sources"]
    assert record_from_plain(fields, name="result.json") == bare_record()


def test_a_run_without_a_test_set_has_no_accuracy():
    result = result_to_plain(bare_record())
    assert (result["accuracy_npu"], result["bit_exact"], result["images"]) == (None, None, None)


def test_wall_times_stand_in_host_alone():
    result = result_to_plain(full_record())
    assert result.pop("host") == {"train": 21.25}
    assert "21.25" not in json.dumps(result)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        ("[" * 100_000, "is not JSON; give"),
        ('{"record": {"schema_version": NaN}}', "is not JSON; give"),
        ("{", "is not JSON; give the result.json of a run folder"),
        ('{"accuracy": 1}', "holds no record of a run; give the result.json of a run folder"),
    ],
)
def test_what_is_no_result_is_refused(tmp_path, content, message):
    path = tmp_path / "result.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BadInput, match=message):
        read_result(path)


def test_every_headline_says_how_it_was_obtained():
    rows = {row.label: row for row in headlines(full_record())}
    assert rows["test accuracy, source"].figure.kind == "measured"
    assert rows["latency"].figure.kind == "simulated"
    assert rows["energy an inference"].figure.kind == "estimated"
    assert all(row.figure.source for row in rows.values())
    assert all(bool(row.figure.status) == (row.figure.kind == "estimated") for row in rows.values())


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (12.0, "12"), (1234.5, "1,234"), (0.012345, "0.0123"), (2.357, "2.36"), (99.96, "100.0")],
)
def test_three_significant_digits(value, text):
    assert significant(value) == text


def test_shares_as_text():
    assert percent(0.979) == "97.90 %"
