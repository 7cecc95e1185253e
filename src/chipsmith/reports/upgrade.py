"""Records of earlier versions in today's form, so that old run folders still open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chipsmith.profile.memory import Residence, memory_use

_TARGET_OF_STAGE = {"float": "source", "int8": "int8", "chip": "npu"}


def upgrade(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The plain fields of a record of version 2 as those of version 3; of any other version as they are.

    Version 3 names targets where version 2 had stages, says of each metric whether it is measured or simulated, and
    counts the peak of the on-chip memory in time, where version 2 counted it in the order of instructions.
    Raises KeyError, TypeError or AttributeError where the fields are no record.
    """
    if fields.get("schema_version") != 2:
        return dict(fields)
    return {
        **fields,
        "metrics": [_metric(metric) for metric in fields["metrics"]],
        "calibration": [_with_target(calibration) for calibration in fields["calibration"]],
        "inference": {**fields["inference"], "memory_peak_bytes": _memory_peak_bytes(fields["inference"]["memory"])},
        "schema_version": 3,
    }


def _memory_peak_bytes(spans: Iterable[Mapping[str, int]]) -> int:
    residences = (Residence(**{name: span[name] for name in Residence._fields}) for span in spans)
    return max((used for _, used in memory_use(residences)), default=0)


def _metric(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {**_with_target(fields), "kind": "simulated" if fields["stage"] == "chip" else "measured"}


def _with_target(fields: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in fields.items() if name != "stage"}
    return {"target": _TARGET_OF_STAGE[fields["stage"]], **rest}
