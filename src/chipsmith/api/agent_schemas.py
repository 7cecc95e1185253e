"""The JSON Schemas of files as resources of an agent: the top of each, and each definition by itself.

A whole schema of recipes is 71 kB; its top and the definitions that a file needs are a few.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chipsmith.api.agent_results import write_compact
from chipsmith.api.verb import AnyVerb
from chipsmith.errors import BadInput
from chipsmith.schema import Json

_ROOT, _LOCAL, WHOLE = "chipsmith://schema/", "#/$defs/", "whole"
TEMPLATE = _ROOT + "{verb}/{definition}"


def schema_uri(verb: str) -> str:
    """Where the top of a verb's schema is."""
    return f"{_ROOT}{verb}"


def read_schema(verbs: Mapping[str, AnyVerb], uri: str) -> str:
    """The text of a schema's top, of one of its definitions, or of all of it. Raises BadInput where there is none."""
    verb, _, definition = uri.removeprefix(_ROOT).partition("/")
    schema = verbs[verb].schema if uri.startswith(_ROOT) and verb in verbs else None
    if schema is None:
        raise BadInput(f"there is no resource {uri}")
    whole = schema.read()
    if definition == WHOLE:
        return write_compact(whole)
    definitions = whole.get("$defs", {})
    if definition and definition not in definitions:
        raise BadInput(f"there is no resource {uri}; the definitions are {', '.join(definitions)}, and {WHOLE}")
    part = definitions[definition] if definition else {key: whole[key] for key in whole if key != "$defs"}
    return write_compact(_with_resources(part, verb))


def _with_resources(part: Any, verb: str) -> Json:
    """A part of a schema whose references to definitions lead to their resources."""

    def lead(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: _reference(item, verb) if key == "$ref" else lead(item) for key, item in value.items()}
        if isinstance(value, list):
            return [lead(item) for item in value]
        return value

    led: Json = lead(part)
    return led


def _reference(target: Any, verb: str) -> Any:
    text = str(target)
    return f"{schema_uri(verb)}/{text.removeprefix(_LOCAL)}" if text.startswith(_LOCAL) else target
