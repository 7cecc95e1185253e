"""trace.json against the rules of Chrome's trace events, and against the timeline."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict

import pytest
from compiled import compiled_program
from sample_runs import bare_record, full_record, named_record

from chipsmith.reports.trace import trace_events, write_trace
from chipsmith.sim.cycle import simulate

REQUIRED = {
    "M": {"ph", "name", "pid", "tid", "args"},
    "X": {"ph", "name", "cat", "pid", "tid", "ts", "dur", "args"},
    "b": {"ph", "name", "cat", "id", "pid", "tid", "ts", "args"},
    "e": {"ph", "name", "cat", "id", "pid", "tid", "ts"},
    "C": {"ph", "name", "pid", "tid", "ts", "args"},
}


@pytest.fixture(scope="module")
def events():
    return trace_events(bare_record())["traceEvents"]


def test_the_file_is_one_json_object(tmp_path):
    write_trace(full_record(), tmp_path / "trace.json")
    trace = json.loads((tmp_path / "trace.json").read_text())
    assert set(trace) == {"traceEvents", "displayTimeUnit", "otherData"}
    assert trace["displayTimeUnit"] == "ns"
    assert trace["otherData"]["clock"].startswith("500 MHz: a cycle is 2 ns")


def test_events_have_the_fields_of_their_phase(events):
    for event in events:
        assert set(event) == REQUIRED[event["ph"]]
        assert isinstance(event["name"], str)
        assert event.get("dur", 0) >= 0


def test_events_are_named_for_people(events):
    names = {event["name"] for event in events}
    assert not {"input input", "output output", "end"} & names
    assert {"output", "end of the inference"} <= names


def test_every_track_has_a_name(events):
    named = {event["tid"] for event in events if event["name"] == "thread_name"}
    assert {event["tid"] for event in events if event["ph"] == "X"} <= named


def test_events_of_a_track_do_not_overlap(events):
    """Complete events of a thread must nest; instructions of one engine, and waits, follow one another."""
    tracks = defaultdict(list)
    for event in events:
        if event["ph"] == "X":
            tracks[event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
    for spans in tracks.values():
        spans.sort()
        assert all(before[1] <= after[0] + 1e-9 for before, after in itertools.pairwise(spans))


def test_time_stamps_are_the_cycles_at_the_clock(events):
    timeline, clock = simulate(compiled_program()), compiled_program().chip.clock_mhz
    doorbell, *instructions = (event for event in events if event["ph"] == "X" and "opcode" in event["args"])
    assert (doorbell["name"], doorbell["ts"], doorbell["dur"]) == ("page 0", 0, 256 / clock)
    assert [event["args"]["instruction"] for event in instructions] == list(range(len(compiled_program().instructions)))
    for event in instructions:
        index = event["args"]["instruction"]
        assert event["ts"] == timeline.start[index] / clock
        assert event["args"]["end_cycle"] == timeline.end[index]
        assert event["dur"] == (event["args"]["engine_end_cycle"] - timeline.start[index]) / clock
        assert event["args"]["waited_for"] == str(timeline.reasons[index])


def test_waits_end_where_their_instruction_starts(events):
    timeline, clock = simulate(compiled_program()), compiled_program().chip.clock_mhz
    waits = [event for event in events if event.get("cat") == "wait"]
    assert sum(round(event["dur"] * clock) for event in waits) == timeline.wait_cycles.sum()
    for event in waits:
        start = timeline.start[event["args"]["instruction"]]
        assert round((event["ts"] + event["dur"]) * clock) == start


def test_kernels_begin_and_end_once(events):
    begun = [event["id"] for event in events if event["ph"] == "b"]
    ended = [event["id"] for event in events if event["ph"] == "e"]
    assert begun == ended
    assert len(set(begun)) == len(begun) == len(compiled_program().manifest.kernels)


def test_the_memory_counter_follows_the_buffers(events):
    counted = [(event["ts"], event["args"]["bytes"]) for event in events if event["ph"] == "C"]
    assert counted == [(cycle / 500, used) for cycle, used in bare_record().inference.memory_use]
    assert counted == sorted(counted)
    assert counted[-1][1] == 0
    assert max(used for _, used in counted) == bare_record().inference.memory_peak_bytes


def test_slices_have_the_authors_names_of_their_kernel():
    named = trace_events(named_record())["traceEvents"]
    sources = {row.name: ", ".join(row.sources) for row in named_record().inference.kernels if row.sources}
    begun = {event["name"]: event["args"] for event in named if event["ph"] == "b"}
    assert {arguments["kernel"]: arguments["source"] for arguments in begun.values()} == sources
    assert all(name == f"{row['layer']} ({row['kernel'].partition(':')[0]})" for name, row in begun.items())
    slices = [event["args"] for event in named if event["ph"] == "X" and "kernel" in event["args"]]
    assert {row.get("source") for row in slices} == {None, *sources.values()}
    assert all(row.get("source") == sources.get(row["kernel"]) for row in slices)


def test_a_trace_without_the_authors_names_does_not_mention_them(events):
    assert not any("source" in event.get("args", {}) for event in events)
