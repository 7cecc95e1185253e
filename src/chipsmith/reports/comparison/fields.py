"""What differs in what runs were made of, field by field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import yaml

from chipsmith.errors import BadInput
from chipsmith.plain_yaml import parse_document
from chipsmith.reports.comparison.result import ComparedRun, FieldDifference
from chipsmith.reports.record import RunRecord

RECIPE, CHIP_FIELDS, DATA, VERSIONS = "recipe", "chip", "data", "versions"
_TOLD = frozenset({"name", "description", "chip", "seed"})
"""Fields of a recipe and of a chip that say what they are called, or stand in a row of their own."""


def compare_fields(runs: Sequence[ComparedRun]) -> tuple[tuple[FieldDifference, ...], tuple[str, ...]]:
    """The fields that are not the same in all runs; and the groups in which all are the same."""
    differences: list[FieldDifference] = []
    same: list[str] = []
    for group, read in _GROUPS.items():
        known = [read(run) for run in runs]
        rows = [
            FieldDifference(group=group, field=field, values=tuple(fields.get(field) for fields in known))
            for field in dict.fromkeys(field for fields in known for field in fields)
        ]
        unequal = [row for row in rows if _is_unequal(row)]
        differences += unequal
        same += [group] if rows and not unequal else []
    return tuple(differences), tuple(same)


def _is_unequal(row: FieldDifference) -> bool:
    """Older runs, and those of another kind, do not tell all of their data and versions: that is no difference."""
    told = set(row.values) - ({None} if row.group in (DATA, VERSIONS) else set())
    return len(told) > 1


def flatten_fields(fields: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """The fields of nested plain values by their dotted paths, each as YAML in a line."""
    for name, value in fields.items():
        if isinstance(value, dict) and value:
            yield from flatten_fields(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", plain_text(value)


def plain_text(value: object) -> str:
    """A value of a recipe or a chip as YAML in a line."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=1 << 20)
    return text.removesuffix("\n").removesuffix("\n...")


def _run_fields(run: ComparedRun) -> dict[str, str]:
    record = run.record
    chip = {"chip": record.chip.name} if isinstance(record, RunRecord) else {"circuit": record.model}
    seed = {} if record.seed is None else {"seed": str(record.seed)}
    return {"network": record.network, "task": record.task, **chip, **seed}


def _recipe_fields(run: ComparedRun) -> dict[str, str]:
    return _without_names(_read(run.recipe))


def _chip_fields(run: ComparedRun) -> dict[str, str]:
    record = run.record
    return _without_names(_read(record.chip.yaml)) if isinstance(record, RunRecord) else {}


def _read(text: str) -> dict[str, str]:
    if not text:
        return {}
    try:
        document = parse_document(text, origin="the record", form="a recipe or a chip")
    except BadInput:
        return {"file": "not readable"}
    return dict(flatten_fields(document.fields))


def _without_names(fields: Mapping[str, str]) -> dict[str, str]:
    return {field: value for field, value in fields.items() if field not in _TOLD}


def _data_fields(run: ComparedRun) -> dict[str, str]:
    data, splits = run.record.data, run.record.splits
    fields = {} if data is None else {"data set": data.dataset, "source": data.source}
    if data is not None:
        fields |= {f"{part.name} examples": f"{part.examples:,}" for part in data.parts}
        fields["findings"] = "; ".join(finding.message for finding in data.findings) or "none"
    if splits is not None:
        fields |= {f"{part.name}, SHA-256": part.sha256[:12] or "private" for part in splits.parts}
    return fields


def _version_fields(run: ComparedRun) -> dict[str, str]:
    return dict(run.record.versions)


_GROUPS: Mapping[str, Callable[[ComparedRun], dict[str, str]]] = {
    "run": _run_fields,
    RECIPE: _recipe_fields,
    CHIP_FIELDS: _chip_fields,
    DATA: _data_fields,
    VERSIONS: _version_fields,
}
