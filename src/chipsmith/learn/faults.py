"""What is wrong with a recipe or a study, in words: the field, what was given, what is allowed, the nearest name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TypeGuard

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from chipsmith.learn.schema_walk import (
    KIND,
    Schema,
    example_of,
    field_paths,
    follow,
    kinds_with,
    section_example,
    union_of,
    write_flow,
)
from chipsmith.plain_yaml import parse_value
from chipsmith.suggest import nearest_at_end, nearest_field, nearest_name

_SHOWN = 80
_CONSEQUENCE = "default_factory_not_called"
"""A default that waits for a field with a fault of its own."""
_OWN_WORDS = ("value_error", "assertion_error", "string_pattern_mismatch")
"""Faults whose message says more than the schema does."""

_TYPE = re.compile(r"(str|int|float|bool|dict|list|tuple|set|none|function|constrained|literal|lax|json)\b|is-instance")
"""How the name of a type begins that stands in the place of a fault, where a field may be of several."""
_NAME_FORM = "a name of letters, digits, '_', '.' and '-' that begins with a letter or a digit; for example digits-2"
NO_LINES: Mapping[str, int] = {}


def describe_faults(
    error: ValidationError,
    model: type[BaseModel],
    *,
    origin: str,
    given: object = None,
    lines: Mapping[str, int] = NO_LINES,
) -> str:
    """One message with a line for each fault of `origin`, which was read as `model`.

    With the values that were `given` no fault names the place in a list where a single value stands for a list. `lines`
    gives a field's line in the file by dotted path.
    """
    schema = _schema_of(model)
    places = [fault["loc"] for fault in error.errors()]
    told = [_describe(fault, schema, given, lines) for fault in error.errors() if not _is_consequence(fault, places)]
    faults = list(dict.fromkeys(told))
    if len(faults) == 1:
        return f"{origin}: {faults[0]}"
    return "\n  ".join([f"{origin} has {len(faults)} faults:", *faults])


@cache
def _schema_of(model: type[BaseModel]) -> Schema:
    """Building it takes longer than all else of a message."""
    return model.model_json_schema()


def first_fault(error: ValidationError, model: type[BaseModel]) -> str:
    """The first fault of a file that no person writes, and how many more there are."""
    schema, faults = _schema_of(model), error.errors()
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return _describe(faults[0], schema, None, NO_LINES) + more


def _is_consequence(fault: ErrorDetails, places: Sequence[tuple[int | str, ...]]) -> bool:
    """Whether a fault comes of another one: a list is too short where what it holds is refused."""
    place = fault["loc"]
    within = any(len(other) > len(place) and other[: len(place)] == place for other in places)
    return fault["type"] == _CONSEQUENCE or (fault["type"] == "too_short" and within)


def _describe(fault: ErrorDetails, schema: Schema, given: object, lines: Mapping[str, int]) -> str:
    names = _without_types([str(part) for part in fault["loc"]], schema)
    path, section = _resolve(names, schema)
    if given is not None:
        path = _as_given(path, given)
    return _place_in_file(path, lines) + _words(fault, names, path, section, schema, given)


def _place_in_file(path: str, lines: Mapping[str, int]) -> str:
    """The line of a field, or of what it is in; empty where it came of no file."""
    while path and path not in lines:
        path = path.rpartition(".")[0]
    return f"line {lines[path]}: " if path else ""


def _words(fault: ErrorDetails, names: list[str], path: str, section: Schema, schema: Schema, given: object) -> str:
    match fault["type"]:
        case "extra_forbidden":
            return f"{path} is not a field{_nearest_path(path, names, section, schema, given)}"
        case "missing":
            field = _find_field(names, schema)
            return f"{path} is missing: give {describe_field(field, schema)}{_example(path, field, schema)}"
        case "invalid_key":
            return f"{'.'.join(names)} is not a field: names of fields are texts"
        case "string_type" if names[-1] == "[key]":
            return f"{'.'.join(names[:-1])} is not a name: names are texts"
        case "union_tag_invalid":
            kinds = re.findall(r"'([^']*)'", str(fault["ctx"]["expected_tags"]))
            return f"{path}.kind = {fault['ctx']['tag']} is not known{_nearest(str(fault['ctx']['tag']), kinds)}"
        case "union_tag_not_found":
            kinds, given_here = _kinds(section), fault["input"]
            example = section_example(_find_place(names, schema), schema, given_here if _is_section(given_here) else {})
            name = path.rpartition(".")[2]
            return f"{path}.kind is missing: it is one of {', '.join(kinds)}; for example {name}: {example}"
    mend = _mend(fault, names, path, schema)
    if fault["input"] is None:
        return f"{path} is empty: {mend}"
    return f"{path or 'the whole'} = {short_value(fault['input'])} is not allowed: {mend}"


def _mend(fault: ErrorDetails, names: list[str], path: str, schema: Schema) -> str:
    said = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "string_pattern_mismatch":
        return f"give {_NAME_FORM}"
    field = {} if fault["type"] in _OWN_WORDS else _find_field(names, schema)
    if not field:
        return f"{said[:1].lower()}{said[1:]}"
    given = fault["input"]
    near = nearest_at_end(given, field.get("enum", ())) if isinstance(given, str) else ""
    if near:
        return f"give {describe_field(field, schema)}{near}"
    return f"give {describe_field(field, schema)}{_example(path, field, schema, given)}"


def _example(path: str, field: Schema, schema: Schema, given: object = None) -> str:
    """An example, as it stands in the file, and as a setting where that is another form."""
    kinds = _kinds(follow(field, schema))
    kind = nearest_name(given, kinds) if isinstance(given, str) else None
    example = "" if "examples" in field else example_of(field, schema, kind or given)
    if not example:
        return ""
    alone = example == f"{{kind: {_kind_of(example)}}}"  # nothing else has to be set
    setting = f", or --set {path}.kind={kind or _kind_of(example)}" if kinds and alone else ""
    name = path.rpartition(".")[2]
    return f"; for example {example if name.isdecimal() else f'{name}: {example}'}{setting}"


def _kind_of(example: str) -> str:
    return example.removeprefix("{kind: ").partition(",")[0].rstrip("}")


def _nearest_path(path: str, names: list[str], section: Schema, schema: Schema, given: object) -> str:
    """Where a wrong name belongs, with an example; else the kinds that have it, or the names there are."""
    near = nearest_field(path, [known for known in field_paths(schema, given) if known != path])
    if near is not None:
        example = _example_at(path, near, schema, given)
        return f"; did you mean {near}?" + (f" (for example {example})" if example else "")
    others = kinds_with(names[-1], _find_place(names[:-1], schema), schema)
    own = list(section.get("properties", {}))
    if others:
        return f" of this kind; the kinds {', '.join(others)} have it, this one has {', '.join(own)}"
    return f"; there are {', '.join(own)}" if own else "; nothing stands there"


def _example_at(wrong: str, near: str, schema: Schema, given: object) -> str:
    """What to write for a wrong name: the right one, in the whole section where that has a kind of its own."""
    place = _tagged(near, schema, given)
    field, name = _find_field(place, schema), near.rpartition(".")[2]
    example = example_of(field, schema)
    *above, section = near.split(".")[:-1] or [""]
    around = _find_place(_tagged(".".join([*above, section]), schema, given), schema) if section else {}
    if not union_of(around, schema) or wrong.startswith(f"{near.rpartition('.')[0]}."):
        return f"{name}: {example}" if example else ""
    value = _value_at(wrong, given)
    written = _value_at(".".join([*above, section]), given)
    fits = isinstance(value, int | float) and field.get("type") in ("number", "integer")
    own = {**(written if _is_section(written) else {}), name: value if fits else parse_value(example or "null")}
    return f"{section}: {section_example(around, schema, own)}"


def _value_at(path: str, given: object) -> object:
    for name in path.split("."):
        given = given.get(name) if isinstance(given, Mapping) else None
    return given


def _is_section(given: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(given, Mapping) and all(isinstance(name, str) for name in given)


def _without_types(names: list[str], schema: Schema) -> list[str]:
    """The place without the names of types that a choice between these adds, as `str` of a text or a list of texts."""
    kept: list[str] = []
    for name in names:
        if not _TYPE.match(name) or _is_known(name, _find_place(kept, schema), schema):
            kept.append(name)
    return kept


def _is_known(name: str, place: Schema, schema: Schema) -> bool:
    return name in follow(place, schema).get("properties", {}) or name in union_of(place, schema)


def _tagged(path: str, schema: Schema, given: object) -> list[str]:
    """The place of a path, with the kind of each union on it: that which is given, else the first that has the name."""
    place: list[str] = []
    for name in path.split("."):
        here = _find_place(place, schema)
        chosen = given.get(KIND) if isinstance(given, Mapping) else None
        having = kinds_with(name, here, schema)
        if having:
            place.append(chosen if isinstance(chosen, str) and chosen in having else having[0])
        place.append(name)
        given = given.get(name) if isinstance(given, Mapping) else None
    return place


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
            given = given[int(name)] if int(name) < len(given) else None
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
        words += f", as {write_flow(example)}"
    meaning = field.get("description", "")
    return f"{words} ({meaning})" if meaning else words


def _describe_form(field: Schema, schema: Schema) -> str:
    if "enum" in field:
        return f"one of {', '.join(map(str, field['enum']))}"
    if "const" in field:
        return str(field["const"])
    match field.get("type"):
        case "integer":
            return f"a whole number{_describe_bounds(field)}"
        case "number":
            return f"a number{_describe_bounds(field)}"
        case "string":
            return f"a text of at most {field['maxLength']} characters" if "maxLength" in field else "a text"
        case "boolean":
            return "true or false"
        case "array":
            parts = field.get("prefixItems", [field.get("items", {})])
            inner = follow(parts[0], schema)
            return f"a list{_describe_count(field)}" + (f", each {_describe_form(inner, schema)}" if inner else "")
        case None if "discriminator" in field:
            return f"a section with its kind: {', '.join(_kinds(field))}"
        case "object" if "properties" in field:
            return f"a section of {', '.join(field['properties'])}"
        case "object":
            return f"a section{_describe_count(field)}"
    options = [follow(option, schema) for option in field.get("anyOf", []) if option.get("type") != "null"]
    return ", or ".join(_describe_form(option, schema) for option in options) or "another value"


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
    if low is not None and low == high:
        return f" of {low}"
    if low is not None and high is not None:
        return f" of {low} to {high}"
    return f" of {low} or more" if low else (f" of at most {high}" if high is not None else "")


def _write_number(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:g}"


def _find_place(names: Sequence[str], schema: Schema) -> Schema:
    """The schema at the end of a place, as it stands there."""
    here = schema
    for name in names:
        kinds = union_of(here, schema)
        if name in kinds:
            here = {"$ref": kinds[name]}
            continue
        section = follow(here, schema)
        more = section.get("additionalProperties")
        here = section.get("properties", {}).get(name) or (more if isinstance(more, dict) else {})
        here = here or _item(name, section)
    return here


def _item(name: str, section: Schema) -> Schema:
    """The schema of an item of a list; of one of fixed parts that of the part."""
    parts: list[Schema] = section.get("prefixItems", [])
    if name.isdecimal() and int(name) < len(parts):
        return parts[int(name)]
    item: Schema = section.get("items", {})
    return item


def _find_field(names: Sequence[str], schema: Schema) -> Schema:
    """The schema of the field at the end of a path, described by its own entry and not by its class."""
    here = _find_place(names, schema)
    own: Schema = {key: here[key] for key in ("description", "examples", "default") if key in here}
    optional = [option for option in here.get("anyOf", []) if option.get("type") != "null"]
    form = follow(optional[0], schema) if len(optional) == 1 else follow(here, schema)
    return {**{key: value for key, value in form.items() if key != "description"}, **own}


def _resolve(names: list[str], schema: Schema) -> tuple[str, Schema]:
    """The dotted path without the tags that a union of kinds adds, and the schema of the section around its end.

    The section is that of the last name itself where the fault is in the choice of its kind.
    """
    here, shown = schema, []
    for index, name in enumerate(names):
        kinds = union_of(here, schema)
        if name in kinds:
            here = follow({"$ref": kinds[name]}, schema)
            continue
        shown.append(name)
        if index == len(names) - 1 and name not in here.get("properties", {}):
            break
        here = follow(here.get("properties", {}).get(name, here.get("items", {})), schema) if here else {}
        if index == len(names) - 1 and "discriminator" not in here:
            break
    return ".".join(shown), here
