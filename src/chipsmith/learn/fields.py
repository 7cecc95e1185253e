"""The fields of a recipe's sections as tables in Markdown, for the documentation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

_KIND = "kind"
_LONGEST_DEFAULT = 40


def kinds_table(settings: Any) -> str:
    """The kinds of a union of sections told apart by `kind`, such as NetworkSettings, and the fields of each.

    A field stands with its default and, where its values are a few words, the others in brackets; one without a
    default must be given.
    """
    rows = [f"| `{_kind(section)}` | {', '.join(_fields(section)) or 'none'} |" for section in _sections(settings)]
    return "\n".join(["| `kind` | fields and their defaults |", "|---|---|", *rows])


def _sections(settings: Any) -> tuple[type[BaseModel], ...]:
    union, *_ = get_args(settings)
    return get_args(union)


def _kind(section: type[BaseModel]) -> str:
    (kind,) = get_args(section.model_fields[_KIND].annotation)
    return str(kind)


def _fields(section: type[BaseModel]) -> Iterator[str]:
    for name, field in section.model_fields.items():
        if name != _KIND:
            yield f"`{name}`{'' if field.is_required() else f': {_default(field)}'}{_others(field)}"


def _default(field: FieldInfo) -> str:
    """The default as YAML has it; a section's own fields, and what is long, are left to the schema."""
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return "{}"
    text = value if isinstance(value, str) else json.dumps(value, default=lambda section: section.model_dump())
    return text if len(text) <= _LONGEST_DEFAULT else "..."


def _others(field: FieldInfo) -> str:
    """What else a field of a few words may be, in brackets."""
    if get_origin(field.annotation) is not Literal:
        return ""
    words = [str(value) for value in get_args(field.annotation) if value != field.default]
    return f" ({', '.join(words)})" if words else ""
