"""result.json: the fields that scripts read at the top, the whole record beneath."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chipsmith.errors import BadInput
from chipsmith.files import write_whole
from chipsmith.profile.profile import Inference
from chipsmith.schema import SCHEMA_VERSION

if TYPE_CHECKING:
    from chipsmith.reports.record import Metric, RunRecord, Stage

_STAGES: tuple[Stage, ...] = ("float", "int8", "chip")


def result_to_plain(record: RunRecord) -> dict[str, Any]:
    """The object of `run --json` and of result.json; what was not measured is None.

    `metric` names what the task is judged by; for classification that is `accuracy`, which has fields of its own too.
    `host` holds the wall times, and stands nowhere else: without it two runs with one seed give equal objects.
    """
    from chipsmith.reports.record import record_to_plain

    chip, exact = record.chief("chip"), record.bit_exact
    plain = record_to_plain(dataclasses.replace(record, host={}))
    return {
        "schema_version": SCHEMA_VERSION,
        "network": record.network,
        "task": record.task or None,
        "chip": record.chip.name,
        "seed": record.seed,
        "metric": chip.name if chip else None,
        **_stages("metric", {stage: record.chief(stage) for stage in _STAGES}),
        **_stages("accuracy", {stage: record.metric(stage, "accuracy") for stage in _STAGES}),
        "bit_exact": exact.exact if exact else None,
        "images": chip.count if chip else None,
        **inference_to_plain(record.inference),
        "versions": dict(record.versions),
        "hashes": dict(record.hashes),
        "record": plain,
        "host": dict(record.host),
    }


def _stages(name: str, metrics: Mapping[Stage, Metric | None]) -> dict[str, Any]:
    values = {f"{name}_{stage}": one.value if one else None for stage, one in metrics.items()}
    return values | {f"{name}_{stage}_interval": [one.low, one.high] if one else None for stage, one in metrics.items()}


def inference_to_plain(one: Inference) -> dict[str, Any]:
    """The fixed fields about a Program on its chip; `latency_cycles` and `latency_us` are those of a cold inference."""
    return {
        "latency_cycles": one.latency.cold_cycles,
        "latency_warm_cycles": one.latency.warm_cycles,
        "latency_us": one.latency.cold_us,
        "inferences_per_second": one.latency.inferences_per_second,
        "energy_uj": one.energy_uj,
        "average_power_mw": one.average_power_mw,
        "tops_per_watt": one.tops_per_watt,
        "external_bytes": one.external_bytes,
        "weight_bytes": one.weight_bytes,
        "memory_peak_bytes": one.memory_peak_bytes,
        "area_mm2": one.area.total,
        "die_cost_usd": one.cost.die_usd.value,
        "operators": [{"name": op.name, "placed": op.placed, "reason": op.reason} for op in one.operators],
    }


def write_result(record: RunRecord, path: Path) -> None:
    """Write result.json, whole or not at all."""
    write_whole(path, (json.dumps(result_to_plain(record), indent=1) + "\n").encode())


def read_result(path: Path) -> RunRecord:
    """The record in a result.json; BadInput where the file is missing, foreign or of another version."""
    from chipsmith.reports.record import record_from_plain

    try:
        content = json.loads(path.read_bytes(), parse_constant=_refuse_constant)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not JSON; give the result.json of a run folder") from error
    if not isinstance(content, dict) or not isinstance(content.get("record"), dict):
        raise BadInput(f"{path} holds no record of a run; give the result.json of a run folder")
    fields = content["record"] | {"host": content.get("host", {})}
    return record_from_plain(fields, name=str(path))


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")
