"""What is wrong with a chip file, in words: the field, its value, what is allowed and a suggestion."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from chipsmith.chip.fields import FieldRow, field_rows
from chipsmith.suggest import nearest_at_end, nearest_field

_SHOWN = 80
"""Characters of a value that a message shows."""


def describe_faults(error: ValidationError, *, origin: str, lines: Mapping[str, int]) -> str:
    """One message with a line for each fault; `lines` gives a field's line in the file by dotted path."""
    faults = [_describe(fault, lines) for fault in error.errors()]
    if len(faults) == 1:
        return f"chip {origin}: {faults[0]}"
    return "\n  ".join([f"chip {origin} has {len(faults)} faults:", *faults])


def _describe(fault: ErrorDetails, lines: Mapping[str, int]) -> str:
    path = ".".join(str(part) for part in fault["loc"])
    place = f"line {lines[path]}: " if path in lines else ""
    return place + _words(path, fault)


def _words(path: str, fault: ErrorDetails) -> str:
    match fault["type"]:
        case "extra_forbidden":
            return f"{path} is not a field{_nearest_field(path)}"
        case "missing":
            return f"{path} is missing: {_expected(path)}"
        case "value_error" if path not in _rows_by_path():
            return _in_section(path, str(fault["ctx"]["error"]))
    given = fault["input"]
    return f"{path} = {_shown(given)} is not allowed: {_expected(path)}{_nearest_value(path, given)}"


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python writes no integers of thousands of digits
        return "a very long number"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _in_section(path: str, message: str) -> str:
    return f"{path}.{message}" if path else message


def _rows_by_path() -> dict[str, FieldRow]:
    return {row.path: row for row in field_rows()}


def _expected(path: str) -> str:
    row = _rows_by_path().get(path)
    if row:
        return f"{row.allowed} ({row.description})"
    return "a section with " + ", ".join(_names_below(path))


def _names_below(path: str) -> list[str]:
    prefix = f"{path}." if path else ""
    below = (row.path.removeprefix(prefix) for row in field_rows() if row.path.startswith(prefix))
    return list(dict.fromkeys(name.partition(".")[0] for name in below))


def _nearest_field(path: str) -> str:
    section = path.rpartition(".")[0]
    known = [row.path for row in field_rows()]
    sections = [name for name in _names_below("") if name not in known]
    near = nearest_field(path, [*known, *sections])
    if near:
        return f"; did you mean {near}?"
    return f"; {section or 'a chip file'} has {', '.join(_names_below(section))}"


def _nearest_value(path: str, value: object) -> str:
    row = _rows_by_path().get(path)
    if row and row.values and isinstance(value, int):
        return f"; the nearest is {min(row.values, key=lambda allowed: abs(allowed - value))}"
    if isinstance(value, str) and row:
        return nearest_at_end(value, row.allowed.removeprefix("one of ").split(", "))
    return ""
