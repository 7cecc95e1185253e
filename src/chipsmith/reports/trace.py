"""trace.json: one inference as Chrome trace events, which the Perfetto viewer opens.

Time stamps are microseconds at the chip's clock: cycle / clock_mhz. Each instruction is one event on the track of its
engine, as long as it holds that engine; the cycles themselves stand in the event's arguments.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from chipsmith.files import write_whole
from chipsmith.profile.kernels import REST
from chipsmith.profile.profile import InstructionRow, KernelRow
from chipsmith.program.layer_names import LayerNames
from chipsmith.reports.author_names import label_part, label_row, layer_of_row, name_operation
from chipsmith.reports.record import RunRecord

Event = dict[str, Any]

_PROCESS = 1
_ENGINES = ("tensor", "vector", "load", "store", "sequencer")
_WAITS = "waits of the sequencer"
END = "END"
"""The opcode of the last instruction."""
_TRACKS = {name: number for number, name in enumerate((*_ENGINES, _WAITS), start=1)}


def trace_events(record: RunRecord) -> dict[str, Any]:
    """The trace as a JSON object: tracks of engines and waits, spans of kernels, a counter of on-chip memory."""
    clock = record.chip.clock_mhz
    kernels = {row.name: row for row in record.inference.kernels}
    names = LayerNames(record.inference.operators)
    return {
        "traceEvents": [
            *_names(record),
            *(event for row in record.inference.instructions for event in _instruction(row, kernels, names, clock)),
            *_kernels(record),
            *_memory(record),
        ],
        "displayTimeUnit": "ns",
        "otherData": {
            "network": record.network,
            "chip": record.chip.name,
            "chip_sha256": record.chip.sha256,
            "clock": f"{clock} MHz: a cycle is {1000 / clock:g} ns; ts and dur are microseconds of simulated time",
            "latency_cycles": record.inference.latency.cold_cycles,
        },
    }


def write_trace(record: RunRecord, path: Path) -> None:
    """Write trace.json, whole or not at all."""
    write_whole(path, json.dumps(trace_events(record), separators=(",", ":")).encode())


def _names(record: RunRecord) -> Iterator[Event]:
    yield _metadata("process_name", 0, name=f"{record.network} on {record.chip.name}")
    for name, track in _TRACKS.items():
        yield _metadata("thread_name", track, name=name if name == _WAITS else f"{name} engine")
        yield _metadata("thread_sort_index", track, sort_index=track)


def _metadata(kind: str, track: int, **arguments: str | int) -> Event:
    return {"ph": "M", "name": kind, "pid": _PROCESS, "tid": track, "args": arguments}


def _instruction(
    row: InstructionRow, kernels: Mapping[str, KernelRow], names: LayerNames, clock_mhz: int
) -> Iterator[Event]:
    """An instruction and its wait."""
    kernel = kernels.get(row.kernel)
    label = _label(row, names) if kernel is None else label_row(kernel)
    details = {
        "instruction": row.index,
        "opcode": row.opcode,
        "kernel": row.kernel,
        **_layer_arguments(kernel, names.layer(row.name)),
        "start_cycle": row.start_cycle,
        "engine_end_cycle": row.engine_end_cycle,
        "end_cycle": row.end_cycle,
        "wait_cycles": row.wait_cycles,
        "waited_for": row.wait_reason,
    }
    duration = row.engine_end_cycle - row.start_cycle
    yield _span(label, row.opcode, row.engine, row.start_cycle, duration, clock_mhz, details)
    if row.wait_cycles:
        begin = row.start_cycle - row.wait_cycles
        yield _span(row.wait_reason, "wait", _WAITS, begin, row.wait_cycles, clock_mhz, {"instruction": row.index})


def _label(row: InstructionRow, names: LayerNames) -> str:
    return "end of the inference" if row.opcode == END else label_part(names, row.name)


def _span(
    name: str, category: str, track: str, start_cycle: int, cycles: int, clock_mhz: int, details: dict[str, Any]
) -> Event:
    return {
        "ph": "X",
        "name": name,
        "cat": category,
        "pid": _PROCESS,
        "tid": _TRACKS[track],
        "ts": start_cycle / clock_mhz,
        "dur": cycles / clock_mhz,
        "args": details,
    }


def _layer_arguments(kernel: KernelRow | None, layer: str) -> dict[str, str]:
    """The layer of a kernel, else the one given, and the author's names, as arguments; none where none is known."""
    layer, sources = (layer, ()) if kernel is None else (layer_of_row(kernel), kernel.sources)
    arguments = {"layer": layer, "source": ", ".join(sources)}
    return {name: text for name, text in arguments.items() if text}


def _kernels(record: RunRecord) -> Iterator[Event]:
    """Kernels overlap, so each is a pair of asynchronous events with an id of its own."""
    for number, row in enumerate(record.inference.kernels):
        if row.name == REST:
            continue
        arguments = {
            "kernel": row.name,
            "operators": ", ".join(row.operators),
            "operation": name_operation(row),
            **_layer_arguments(row, ""),
            "macs": row.macs,
            "kind": row.kind,
        }
        common = {"cat": "kernel", "name": label_row(row), "id": number, "pid": _PROCESS, "tid": 0}
        begin, end = (cycle / record.chip.clock_mhz for cycle in (row.first_start_cycle, row.last_end_cycle))
        yield {"ph": "b", "ts": begin, **common, "args": arguments}
        yield {"ph": "e", "ts": end, **common}


def _memory(record: RunRecord) -> Iterator[Event]:
    for cycle, used in record.inference.memory_use:
        yield {
            "ph": "C",
            "name": "on-chip memory",
            "pid": _PROCESS,
            "tid": 0,
            "ts": cycle / record.chip.clock_mhz,
            "args": {"bytes": used},
        }
