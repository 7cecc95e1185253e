"""Records of earlier versions in today's form, so that old run folders still open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from chipsmith.chip import read_chip
from chipsmith.costs import estimate_area, estimate_cost
from chipsmith.profile.memory import Residence, memory_use
from chipsmith.profile.prices import describe_timing, price_chip

_TARGET_OF_STAGE = {"float": "source", "int8": "int8", "chip": "npu"}


def upgrade(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The plain fields of a record of version 2 or 3 as those of version 4; of any other version as they are.

    What a layer's engine is busy with was called its `bound` in the first records of version 4 with an advice.

    Version 3 names targets where version 2 had stages, says of each metric whether it is measured or simulated, and
    counts the peak of the on-chip memory in time, where version 2 counted it in the order of instructions. Version 4
    has what a chip costs at a volume, and how fast its clock can be: both follow from the chip, and are estimated anew.
    Raises KeyError, TypeError or AttributeError where the fields are no record, and BadInput where its chip is none.
    """
    if fields.get("schema_version") == 2:
        return _since_3(_since_2(fields))
    return _since_3(fields) if fields.get("schema_version") == 3 else _with_busy_bounds(fields)


def upgrade_quantum(fields: Mapping[str, Any]) -> dict[str, Any]:
    """As `upgrade`, of a run of a quantum network, in which version 4 changed nothing."""
    return {**fields, "schema_version": 4} if fields.get("schema_version") == 3 else dict(fields)


def _with_busy_bounds(fields: Mapping[str, Any]) -> dict[str, Any]:
    advice = fields.get("advice")
    if not isinstance(advice, Mapping):
        return dict(fields)
    named = {"bound": "busy_bound"}
    layers = [{named.get(name, name): value for name, value in layer.items()} for layer in advice["layers"]]
    return {**fields, "advice": {**advice, "layers": layers}}


def _since_2(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **fields,
        "metrics": [_metric(metric) for metric in fields["metrics"]],
        "calibration": [_with_target(calibration) for calibration in fields["calibration"]],
        "inference": {**fields["inference"], "memory_peak_bytes": _memory_peak_bytes(fields["inference"]["memory"])},
        "schema_version": 3,
    }


def _since_3(fields: Mapping[str, Any]) -> dict[str, Any]:
    chip = read_chip(fields["chip"]["yaml"], origin=fields["chip"]["name"])
    cost = price_chip(estimate_cost(chip, estimate_area(chip)))
    kept = {name: value for name, value in fields["inference"].items() if name != "slow_memories"}
    inference = {**kept, "cost": asdict(cost), "timing": asdict(describe_timing(chip))}
    return {**fields, "inference": inference, "schema_version": 4}


def _memory_peak_bytes(spans: Iterable[Mapping[str, int]]) -> int:
    residences = (Residence(**{name: span[name] for name in Residence._fields}) for span in spans)
    return max((used for _, used in memory_use(residences)), default=0)


def _metric(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {**_with_target(fields), "kind": "simulated" if fields["stage"] == "chip" else "measured"}


def _with_target(fields: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in fields.items() if name != "stage"}
    return {"target": _TARGET_OF_STAGE[fields["stage"]], **rest}
