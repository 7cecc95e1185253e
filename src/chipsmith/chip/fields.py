"""The fields of a chip file and the catalogue's figures as rows: for messages and for the documentation."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chipsmith.chip.description import Chip, json_schema
from chipsmith.chip.tables import read_table


@dataclass(frozen=True, kw_only=True)
class FieldRow:
    """One field of a chip file: dotted path, what it may hold in words, its meaning, and whether it must be given."""

    path: str
    allowed: str
    values: tuple[int, ...]
    description: str
    required: bool


@functools.cache
def field_rows() -> tuple[FieldRow, ...]:
    """All fields of a chip file in its order, from the JSON Schema; sections themselves are not rows."""
    schema = json_schema()
    return tuple(_rows(schema, definitions=schema["$defs"], prefix=""))


def _rows(section: Mapping[str, Any], *, definitions: Mapping[str, Any], prefix: str) -> Iterator[FieldRow]:
    for name, schema in section["properties"].items():
        if "$ref" in schema:
            inner = definitions[schema["$ref"].rpartition("/")[2]]
            yield from _rows(inner, definitions=definitions, prefix=f"{prefix}{name}.")
        else:
            yield FieldRow(
                path=f"{prefix}{name}",
                allowed=_allowed(schema),
                values=tuple(schema["enum"]) if schema["type"] == "integer" and "enum" in schema else (),
                description=schema.get("description", ""),
                required=name in section["required"],
            )


def _allowed(schema: Mapping[str, Any]) -> str:
    if "const" in schema:
        return str(schema["const"])
    if "enum" in schema:
        return "one of " + ", ".join(str(value) for value in schema["enum"])
    kind = {"integer": "an integer", "number": "a number", "string": "a text"}[schema["type"]]
    if "minimum" in schema:
        return f"{kind} from {schema['minimum']:g} to {schema['maximum']:g}"
    return kind


def field_table() -> str:
    """The fields as a table in Markdown, for docs/chips.md."""
    rows = [f"| `{row.path}` | {row.allowed} | {row.description} |" for row in field_rows()]
    return "\n".join(["| field | may be | meaning |", "|---|---|---|", *rows])


def atom_table() -> str:
    """The bytes that each kind of external memory moves at least as a table in Markdown, for docs/machine.md."""
    rows = [f"| {row['kind']} | {row['atom_bytes']} | {row['source']} |" for row in read_table("external_atoms")]
    head = ["| `external.kind` | bytes of an atom, or W where that is more | because |", "|---|---|---|"]
    return "\n".join([*head, *rows])


def catalogue_table(chips: Iterable[Chip]) -> str:
    """Chips with their main figures as a table in Markdown, for docs/chips.md."""
    head = ["| chip | array | memories together | clock | node | external memory |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *map(_catalogue_row, chips)])


def _catalogue_row(chip: Chip) -> str:
    external = f"{chip.external.kind}, {chip.external.bytes_per_cycle} bytes a cycle"
    figures = (
        f"`{chip.name}`",
        f"{chip.tensor.rows} x {chip.tensor.columns}",
        _size(chip.on_chip_bytes),
        f"{chip.clock_mhz} MHz",
        f"{chip.technology.node_nm} nm",
        external,
    )
    return f"| {' | '.join(figures)} |"


def _size(size_bytes: int) -> str:
    kib = size_bytes / 1024
    return f"{kib / 1024:g} MiB" if kib >= 1024 else f"{kib:g} KiB"
