"""What is wrong with a recipe or a study, in words: the field, what was given, what is allowed, the nearest name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from chipsmith.suggest import nearest_at_end, nearest_name

_SHOWN = 80
_CONSEQUENCE = "default_factory_not_called"
"""A default that waits for a field with a fault of its own."""
_OWN_WORDS = ("value_error", "assertion_error", "string_pattern_mismatch")
"""Faults whose message says more than the schema does."""

Schema = dict[str, Any]


def describe_faults(error: ValidationError, model: type[BaseModel], *, origin: str, given: object = None) -> str:
    """One message with a line for each fault of `origin`, which was read as `model`.

    With the values that were `given` no fault names the place in a list where a single value stands for a list.
    """
    schema = model.model_json_schema()
    places = [fault["loc"] for fault in error.errors()]
    faults = [_describe(fault, schema, given) for fault in error.errors() if not _is_consequence(fault, places)]
    if len(faults) == 1:
        return f"{origin}: {faults[0]}"
    return "\n  ".join([f"{origin} has {len(faults)} faults:", *faults])


def _is_consequence(fault: ErrorDetails, places: Sequence[tuple[int | str, ...]]) -> bool:
    """Whether a fault comes of another one: a list is too short where what it holds is refused."""
    place = fault["loc"]
    within = any(len(other) > len(place) and other[: len(place)] == place for other in places)
    return fault["type"] == _CONSEQUENCE or (fault["type"] == "too_short" and within)


def _describe(fault: ErrorDetails, schema: Schema, given: object) -> str:
    names = [str(part) for part in fault["loc"]]
    path, section = _resolve(names, schema)
    if given is not None:
        path = _as_given(path, given)
    match fault["type"]:
        case "extra_forbidden":
            return f"{path} is not a field{_nearest(names[-1], list(section.get('properties', {})))}"
        case "missing":
            return f"{path} is missing: give {describe_field(_find_field(names, schema), schema)}"
        case "invalid_key":
            return f"{'.'.join(names)} is not a field: names of fields are texts"
        case "string_type" if names[-1] == "[key]":
            return f"{'.'.join(names[:-1])} is not a name: names are texts"
        case "union_tag_invalid":
            kinds = re.findall(r"'([^']*)'", str(fault["ctx"]["expected_tags"]))
            return f"{path}.kind = {fault['ctx']['tag']} is not known{_nearest(str(fault['ctx']['tag']), kinds)}"
        case "union_tag_not_found":
            return f"{path}.kind is missing: it is one of {', '.join(_kinds(section))}"
    mend = _mend(fault, names, schema)
    if fault["input"] is None:
        return f"{path} is empty: {mend}"
    return f"{path or 'the whole'} = {short_value(fault['input'])} is not allowed: {mend}"


def _mend(fault: ErrorDetails, names: list[str], schema: Schema) -> str:
    said = fault["msg"].removeprefix("Value error, ")
    field = {} if fault["type"] in _OWN_WORDS else _find_field(names, schema)
    if not field:
        return f"{said[:1].lower()}{said[1:]}"
    near = nearest_at_end(fault["input"], field.get("enum", ())) if isinstance(fault["input"], str) else ""
    return f"give {describe_field(field, schema)}{near}"


def short_value(value: object) -> str:
    """A value as a message shows it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    try:
        text = repr(value)
    except ValueError:  # Python writes no integers of thousands of digits
        return "a very long number"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _nearest(name: str, known: list[str]) -> str:
    near = nearest_name(name, known)
    return f"; did you mean {near}?" if near else f"; there are {', '.join(known)}"


def _kinds(section: Schema) -> list[str]:
    return list(section.get("discriminator", {}).get("mapping", {}))


def _as_given(path: str, given: object) -> str:
    """The path without the places in lists that were not given as lists."""
    shown = []
    for name in path.split("."):
        if isinstance(given, list | tuple) and name.isdecimal():
            shown.append(name)
            given = given[int(name)]
            continue
        known = isinstance(given, Mapping) and name in given
        if known or not name.isdecimal():
            shown.append(name)
            given = given[name] if isinstance(given, Mapping) and known else None
    return ".".join(shown)


def describe_field(field: Schema, schema: Schema) -> str:
    """What a field may hold in words, with its meaning and an example where it has them."""
    words = _describe_form(field, schema)
    example = next(iter(field.get("examples", ())), None)
    if example is not None:
        words += f", as {_write_flow(example)}"
    meaning = field.get("description", "")
    return f"{words} ({meaning})" if meaning else words


def _describe_form(field: Schema, schema: Schema) -> str:
    if "enum" in field:
        return f"one of {', '.join(map(str, field['enum']))}"
    match field.get("type"):
        case "integer":
            return f"a whole number{_describe_bounds(field)}"
        case "number":
            return f"a number{_describe_bounds(field)}"
        case "string":
            return "a text"
        case "boolean":
            return "true or false"
        case "array":
            inner = _follow(field.get("items", {}), schema)
            return f"a list{_describe_count(field)}" + (f", each {_describe_form(inner, schema)}" if inner else "")
        case None if "discriminator" in field:
            return f"a section with its kind: {', '.join(_kinds(field))}"
        case "object" if "properties" in field:
            return f"a section of {', '.join(field['properties'])}"
        case "object":
            return f"a section{_describe_count(field)}"
    return "another value"


def _describe_bounds(field: Schema) -> str:
    low, high = field.get("minimum"), field.get("maximum")
    above, below = field.get("exclusiveMinimum"), field.get("exclusiveMaximum")
    ends = (
        "" if low is None else f"from {_write_number(low)}",
        "" if above is None else f"above {_write_number(above)}",
        "" if high is None else f"to {_write_number(high)}",
        "" if below is None else f"below {_write_number(below)}",
    )
    said = " ".join(end for end in ends if end)
    on = " on" if low is not None and high is None and below is None else ""
    return f" {said}{on}" if said else ""


def _describe_count(field: Schema) -> str:
    low = field.get("minItems", field.get("minProperties"))
    high = field.get("maxItems", field.get("maxProperties"))
    if low is not None and high is not None:
        return f" of {low} to {high}"
    return f" of {low} or more" if low else (f" of at most {high}" if high is not None else "")


def _write_number(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:g}"


def _write_flow(value: object) -> str:
    """A plain value as it stands in a YAML file, on one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name}: {_write_flow(each)}' for name, each in value.items())}}}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(_write_flow, value))}]"
    return str(value)


def _find_field(names: Sequence[str], schema: Schema) -> Schema:
    """The schema of the field at the end of a path, described by its own entry and not by its class."""
    here = schema
    for name in names:
        kinds = _union(here, schema)
        if name in kinds:
            here = {"$ref": kinds[name]}
            continue
        section = _follow(here, schema)
        more = section.get("additionalProperties")
        here = section.get("properties", {}).get(name) or (more if isinstance(more, dict) else {})
        here = here or section.get("items", {})
    own: Schema = {key: here[key] for key in ("description", "examples") if key in here}
    optional = [option for option in here.get("anyOf", []) if option.get("type") != "null"]
    form = _follow(optional[0] if len(optional) == 1 else here, schema)
    return {**{key: value for key, value in form.items() if key != "description"}, **own}


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
