"""result.json: the fields that scripts read at the top, the whole record beneath."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chipsmith.data_report import findings_to_plain
from chipsmith.errors import BadInput
from chipsmith.files import read_ordinary, write_whole
from chipsmith.profile.profile import Totals
from chipsmith.program.layer_names import name_layer
from chipsmith.schema import SCHEMA_VERSION

if TYPE_CHECKING:
    from chipsmith.reports.record import MetricRecord, RunRecord


def result_to_plain(record: RunRecord) -> dict[str, Any]:
    """The object of `run --json` and of result.json; what was not measured is None.

    `metric` names what the task is judged by; for classification that is `accuracy`, which has fields of its own too.
    `host` holds the wall times, and stands nowhere else: without it two runs with one seed give equal objects.
    """
    from chipsmith.reports.record import CHIP, JUDGED, record_to_plain

    chip, exact = record.primary_metric(CHIP), record.bit_exact
    targets = tuple(dict.fromkeys((*JUDGED, *record.targets)))
    plain = record_to_plain(dataclasses.replace(record, host={}))
    return {
        "schema_version": SCHEMA_VERSION,
        "network": record.network,
        "task": record.task or None,
        "chip": record.chip.name,
        "seed": record.seed,
        "metric": chip.name if chip else None,
        **metrics_by_target("metric", {target: record.primary_metric(target) for target in targets}),
        **metrics_by_target("accuracy", {target: record.metric(target, "accuracy") for target in targets}),
        "bit_exact": exact.exact if exact else None,
        "images": chip.count if chip else None,
        **inference_to_plain(record.inference),
        "data_findings": findings_to_plain(record.data),
        "versions": dict(record.versions),
        "hashes": dict(record.hashes),
        "record": plain,
        "host": dict(record.host),
    }


def metrics_by_target(name: str, metrics: Mapping[str, MetricRecord | None]) -> dict[str, Any]:
    """The fields NAME_TARGET, then NAME_TARGET_interval, of metrics by target."""
    values = {f"{name}_{target}": metric.value if metric else None for target, metric in metrics.items()}
    intervals = {
        f"{name}_{target}_interval": [metric.low, metric.high] if metric else None for target, metric in metrics.items()
    }
    return values | intervals


def inference_to_plain(totals: Totals) -> dict[str, Any]:
    """The fixed fields about a Program on its chip; `latency_cycles` and `latency_us` are those of a cold inference."""
    return {
        "latency_cycles": totals.latency.cold_cycles,
        "latency_warm_cycles": totals.latency.warm_cycles,
        "latency_us": totals.latency.cold_us,
        "wipe_cycles": totals.latency.wipe_cycles,
        "inferences_per_second": totals.latency.inferences_per_second,
        "energy_uj": totals.energy_uj,
        "average_power_mw": totals.average_power_mw,
        "tops_per_watt": totals.tops_per_watt,
        "external_bytes": totals.external_bytes,
        "weight_bytes": totals.weight_bytes,
        "memory_peak_bytes": totals.memory_peak_bytes,
        "max_clock_mhz": totals.timing.max_clock_mhz.value,
        "max_clock_mhz_range": [totals.timing.max_clock_mhz.low, totals.timing.max_clock_mhz.high],
        "longest_path": totals.timing.path,
        "area_mm2": totals.area.total,
        "die_cost_usd": totals.cost.die_usd.value,
        "volume": totals.cost.volume,
        "chip_cost_usd": totals.cost.chip_usd.value,
        "chip_cost_usd_range": [totals.cost.chip_usd.low, totals.cost.chip_usd.high],
        "chip_cost_parts_usd": {name: part.value for name, part in totals.cost.parts.items()},
        "operators": [
            {
                "name": operator.name,
                "layer": name_layer(operator),
                "kind": operator.kind,
                "placed": operator.placed,
                "reason": operator.reason,
                "kernel": operator.kernel,
            }
            for operator in totals.operators
        ],
    }


def write_result(record: RunRecord, path: Path) -> None:
    """Write result.json, whole or not at all."""
    write_plain(result_to_plain(record), path)


def write_plain(result: Mapping[str, Any], path: Path) -> None:
    """Write the object of a result.json, whole or not at all."""
    write_whole(path, (json.dumps(result, indent=1) + "\n").encode())


def read_result(path: Path) -> RunRecord:
    """The record in a result.json; BadInput where the file is missing, foreign or of another version."""
    from chipsmith.reports.record import record_from_plain

    return record_from_plain(read_fields(path), name=str(path))


def read_fields(path: Path) -> dict[str, Any]:
    """The plain fields of the record in a result.json, of whatever kind; BadInput where the file has none."""
    try:
        content = json.loads(read_ordinary(path), parse_constant=_refuse_constant)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not JSON; give the result.json of a run folder") from error
    if not isinstance(content, dict) or not isinstance(content.get("record"), dict):
        raise BadInput(f"{path} holds no record of a run; give the result.json of a run folder")
    fields: dict[str, Any] = content["record"] | {"host": content.get("host", {})}
    return fields


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")
