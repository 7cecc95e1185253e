"""Assembly text of instructions: one line each, the fields that differ from their default; it parses back."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from typing import Any

from chipsmith.errors import BadInput
from chipsmith.program.encoding import check_fields
from chipsmith.program.instructions import INSTRUCTIONS, Instruction
from chipsmith.suggest import nearest_at_end

_BY_NAME = {row.mnemonic: row for row in INSTRUCTIONS}


def format_instruction(instruction: Instruction) -> str:
    """One line, for example `LOAD external_address=64 run_bytes=128 last_group=1`."""
    fields = (
        f"{field.name}={_format_value(getattr(instruction, field.name))}"
        for field in dataclasses.fields(instruction)
        if getattr(instruction, field.name) != field.default
    )
    return " ".join((instruction.mnemonic, *fields))


def format_assembly(instructions: Iterable[Instruction]) -> str:
    """A line for each instruction."""
    return "".join(format_instruction(instruction) + "\n" for instruction in instructions)


def parse_assembly(text: str) -> tuple[Instruction, ...]:
    """The instructions of an assembly text; `#` begins a comment. BadInput names the line and what is allowed."""
    lines = ((number, line.split("#")[0].split()) for number, line in enumerate(text.splitlines(), start=1))
    return tuple(_parse_line(number, words) for number, words in lines if words)


def _format_value(value: Any) -> str:
    return value.name if hasattr(value, "name") else str(value)


def _parse_line(number: int, words: list[str]) -> Instruction:
    row = _BY_NAME.get(words[0])
    if row is None:
        raise BadInput(f"line {number}: no instruction {words[0]!r}; the machine has {', '.join(_BY_NAME)}")
    fields = {field.name: field for field in dataclasses.fields(row)}
    values: dict[str, Any] = {}
    for word in words[1:]:
        name, equals, text = word.partition("=")
        if fault := _name_fault(name, equals, known=fields, given=values):
            raise BadInput(f"line {number}: {words[0]}{fault}")
        values[name] = _parse_value(number, fields[name], text)
    instruction = row(**values)
    try:
        check_fields(instruction)
    except BadInput as fault:
        raise BadInput(f"line {number}: {fault}") from fault
    return instruction


def _name_fault(name: str, equals: str, *, known: Collection[str], given: Collection[str]) -> str:
    if name not in known:
        return f" has no field {name!r}{nearest_at_end(name, known)}"
    if not equals:
        return f": write {name}=VALUE"
    return f" gives {name} twice" if name in given else ""


def _parse_value(number: int, field: dataclasses.Field[Any], text: str) -> int:
    members = field.metadata.get("enum")
    try:
        return members[text] if members else int(text, 0)
    except (KeyError, ValueError):
        allowed = ", ".join(member.name for member in members) if members else "an integer"
        raise BadInput(f"line {number}: {field.name}={text} is not {allowed}") from None
