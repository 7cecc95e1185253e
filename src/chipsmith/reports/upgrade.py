"""Records of earlier versions in today's form, so that old run folders still open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TARGET_OF_STAGE = {"float": "source", "int8": "int8", "chip": "npu"}


def upgrade(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The plain fields of a record of version 2 as those of version 3; of any other version as they are.

    Version 3 names targets where version 2 had stages, and says of each metric whether it is measured or simulated.
    Raises KeyError, TypeError or AttributeError where the fields are no record.
    """
    if fields.get("schema_version") != 2:
        return dict(fields)
    return {
        **fields,
        "metrics": [_metric(metric) for metric in fields["metrics"]],
        "calibration": [_with_target(calibration) for calibration in fields["calibration"]],
        "schema_version": 3,
    }


def _metric(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {**_with_target(fields), "kind": "simulated" if fields["stage"] == "chip" else "measured"}


def _with_target(fields: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in fields.items() if name != "stage"}
    return {"target": _TARGET_OF_STAGE[fields["stage"]], **rest}
