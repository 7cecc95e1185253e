"""Walking through the JSON Schema of a recipe or a study: what a place may hold, the fields there are, examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Schema = dict[str, Any]

KIND = "kind"
_DEEPEST = 5
"""Sections within sections that are looked for fields."""


def follow(part: Schema, schema: Schema) -> Schema:
    """What a place refers to: a class for a reference, the union or class for what may also be empty."""
    while "$ref" in part:
        part = schema["$defs"][part["$ref"].rpartition("/")[2]]
    chosen = next((option for option in part.get("anyOf", []) if {"discriminator", "$ref"} & set(option)), None)
    return part if chosen is None else follow(chosen, schema)


def union_of(part: Schema, schema: Schema) -> dict[str, str]:
    """The references of a union's kinds by name; empty where a place is no such union."""
    mapping: dict[str, str] = follow(part, schema).get("discriminator", {}).get("mapping", {})
    return mapping


def field_paths(schema: Schema, given: object) -> list[str]:
    """The dotted paths of all fields; of a union those of the kind that is given, of all where none is."""
    return list(dict.fromkeys(_paths(schema, schema, given, prefix="", depth=0)))


def _paths(part: Schema, schema: Schema, given: object, *, prefix: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    for section in _sections(part, schema, given):
        for name, inner in section.get("properties", {}).items():
            yield f"{prefix}{name}"
            value = given.get(name) if isinstance(given, Mapping) else None
            yield from _paths(inner, schema, value, prefix=f"{prefix}{name}.", depth=depth + 1)


def _sections(part: Schema, schema: Schema, given: object) -> list[Schema]:
    kinds = union_of(part, schema)
    if not kinds:
        return [follow(part, schema)]
    chosen = given.get(KIND) if isinstance(given, Mapping) else None
    references = [kinds[chosen]] if isinstance(chosen, str) and chosen in kinds else list(kinds.values())
    return [follow({"$ref": reference}, schema) for reference in references]


def kinds_with(name: str, part: Schema, schema: Schema) -> list[str]:
    """The kinds of a union that have a field of this name."""
    return [
        kind
        for kind, reference in union_of(part, schema).items()
        if name in follow({"$ref": reference}, schema).get("properties", {})
    ]


def example_of(field: Schema, schema: Schema, given: object = None) -> str:
    """A value that a field may hold, as it stands in a YAML file; empty where the schema gives none.

    What was given is kept where it is a part of what is meant: 16 of [16], adam of {kind: adam}.
    """
    example = next(iter(field.get("examples", ())), None)
    if example is not None:
        return write_flow(example)
    if follow(_sole_option(field), schema).get("type") == "string" and "enum" not in field:
        return f'"{given}"' if isinstance(given, int | float) else write_flow(field.get("default") or "")
    example = _example(field, schema, given)
    return "" if example is None else write_flow(example)


def _example(field: Schema, schema: Schema, given: object = None) -> object:
    kinds = union_of(field, schema)
    if kinds:
        kind = given if isinstance(given, str) and given in kinds else default_kind(field, schema)
        return {KIND: kind, **_required(follow({"$ref": kinds[kind]}, schema), schema)}
    form = follow(_sole_option(field), schema)
    default = field.get("default")
    if default is not None and not isinstance(default, dict) and default != []:
        return _listed(default, form, given)
    if "const" in form or "enum" in form:
        return form.get("const", next(iter(form.get("enum", ())), None))
    match form.get("type"):
        case "integer" | "number":
            return _number(form)
        case "boolean":
            return True
        case "string":
            return "text"
        case "array":
            return _list(form, schema, given)
        case "object" if "properties" in form:
            return _required(form, schema) or _first_field(form, schema)
    return None


def default_kind(field: Schema, schema: Schema, given: object = None) -> str:
    """The kind of a union to propose: one that has all fields that are given, its default if that has, else the first.

    `field` is a place that is a union.
    """
    kinds = union_of(field, schema)
    default = field.get("default")
    named = str(default.get(KIND)) if isinstance(default, dict) else ""
    names = set(given) if isinstance(given, Mapping) else set()
    fitting = [kind for kind in kinds if names <= set(follow({"$ref": kinds[kind]}, schema).get("properties", {}))]
    return named if named in (fitting or kinds) else next(iter(fitting or kinds))


def section_example(field: Schema, schema: Schema, given: Mapping[str, object]) -> str:
    """A section of a union as it stands in a YAML file, with a kind and what that kind needs beside what is given."""
    kind = str(given.get(KIND) or default_kind(field, schema, given))
    needed = _required(follow({"$ref": union_of(field, schema)[kind]}, schema), schema)
    return write_flow({KIND: kind, **needed, **given})


def _listed(default: object, form: Schema, given: object) -> object:
    """The default, or of a list what was given, where that is a single value of the list's kind."""
    alone = isinstance(given, int | float) and not isinstance(given, bool)
    if form.get("type") == "array" and isinstance(default, list) and alone and form.get("minItems", 1) == 1:
        return [given]
    return default


def _required(section: Schema, schema: Schema) -> dict[str, object]:
    properties = section.get("properties", {})
    return {name: _example(properties[name], schema) for name in section.get("required", ()) if name != KIND}


def _first_field(section: Schema, schema: Schema) -> dict[str, object]:
    for name, field in section["properties"].items():
        value = _example(field, schema)
        if value is not None:
            return {name: value}
    return {}


def _number(form: Schema) -> int | float:
    low, above = form.get("minimum"), form.get("exclusiveMinimum")
    high = form.get("maximum", form.get("exclusiveMaximum"))
    least = above if low is None else low
    if least is None or least <= 0:
        return 1 if high is None or high > 1 or form.get("type") == "integer" else high / 2
    return least if low is not None else least + 1  # type: ignore[no-any-return]


def _list(form: Schema, schema: Schema, given: object) -> object:
    count = max(1, form.get("minItems", 1))
    inner = form.get("prefixItems", [form.get("items", {})])
    values = [given if _fits(given, follow(part, schema)) else _example(part, schema) for part in inner]
    whole = (values * count)[: max(count, len(values))]
    return whole if all(value is not None for value in whole) else None


def _fits(given: object, form: Schema) -> bool:
    """Whether a single value is of the form of a list's items."""
    if "enum" in form:
        return given in form["enum"]
    kinds: dict[str, tuple[type, ...]] = {"integer": (int,), "number": (int, float), "string": (str,)}
    kind = kinds.get(form.get("type", ""), ())
    within = not isinstance(given, int | float) or form.get("minimum", given) <= given <= form.get("maximum", given)
    return isinstance(given, kind) and not isinstance(given, bool) and within


def _sole_option(field: Schema) -> Schema:
    """Of what may also be empty, the form that is not."""
    options = [option for option in field.get("anyOf", []) if option.get("type") != "null"]
    return options[0] if options else field


def write_flow(value: object) -> str:
    """A plain value as it stands in a YAML file, on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name}: {write_flow(each)}' for name, each in value.items())}}}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(write_flow, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)
