"""What is wrong with a recipe, in words: the field, what was given, what is allowed and the nearest right name."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from chipsmith.suggest import nearest_name

_SHOWN = 80
_CONSEQUENCE = "default_factory_not_called"
"""A default that waits for a field with a fault of its own."""

Schema = dict[str, Any]


def describe_faults(error: ValidationError, model: type[BaseModel], *, origin: str) -> str:
    """One message with a line for each fault of `origin`, which was read as `model`."""
    schema = model.model_json_schema()
    faults = [_describe(fault, schema) for fault in error.errors() if fault["type"] != _CONSEQUENCE]
    if len(faults) == 1:
        return f"{origin}: {faults[0]}"
    return "\n  ".join([f"{origin} has {len(faults)} faults:", *faults])


def _describe(fault: ErrorDetails, schema: Schema) -> str:
    names = [str(part) for part in fault["loc"]]
    path, section = _resolve(names, schema)
    match fault["type"]:
        case "extra_forbidden":
            return f"{path} is not a field{_nearest(names[-1], list(section.get('properties', {})))}"
        case "missing":
            return f"{path} is missing"
        case "union_tag_invalid":
            kinds = re.findall(r"'([^']*)'", str(fault["ctx"]["expected_tags"]))
            return f"{path}.kind = {fault['ctx']['tag']} is not known{_nearest(str(fault['ctx']['tag']), kinds)}"
        case "union_tag_not_found":
            return f"{path}.kind is missing: it is one of {', '.join(_kinds(section))}"
    said = fault["msg"].removeprefix("Value error, ")
    return f"{path or 'the whole'} = {_short(fault['input'])} is not allowed: {said[:1].lower()}{said[1:]}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _nearest(name: str, known: list[str]) -> str:
    near = nearest_name(name, known)
    return f"; did you mean {near}?" if near else f"; there are {', '.join(known)}"


def _kinds(section: Schema) -> list[str]:
    return list(section.get("discriminator", {}).get("mapping", {}))


def _resolve(names: list[str], schema: Schema) -> tuple[str, Schema]:
    """The dotted path without the tags that a union of kinds adds, and the schema of the section around its end.

    The section is that of the last name itself where the fault is in the choice of its kind.
    """
    here, shown = schema, []
    for index, name in enumerate(names):
        kinds = _union(here, schema)
        if name in kinds:
            here = _follow({"$ref": kinds[name]}, schema)
            continue
        shown.append(name)
        if index == len(names) - 1 and name not in here.get("properties", {}):
            break
        here = _follow(here.get("properties", {}).get(name, here.get("items", {})), schema) if here else {}
        if index == len(names) - 1 and "discriminator" not in here:
            break
    return ".".join(shown), here


def _follow(part: Schema, schema: Schema) -> Schema:
    while "$ref" in part:
        part = schema["$defs"][part["$ref"].rpartition("/")[2]]
    chosen = next((option for option in part.get("anyOf", []) if {"discriminator", "$ref"} & set(option)), None)
    return part if chosen is None else _follow(chosen, schema)


def _union(part: Schema, schema: Schema) -> dict[str, str]:
    mapping: dict[str, str] = _follow(part, schema).get("discriminator", {}).get("mapping", {})
    return mapping
