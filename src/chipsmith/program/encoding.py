"""Bit fields of an instruction: how a dataclass declares them, and the 128 bytes that they make."""

from __future__ import annotations

import dataclasses
import enum
import functools
import operator
from typing import Any, ClassVar, Protocol, TypeVar

from chipsmith.chip.description import INSTRUCTION_BYTES
from chipsmith.errors import BadInput

OPCODE_BITS = 8


class Encodable(Protocol):
    """A dataclass whose fields are declared by `bits` and `choice`, under the name that messages call it by."""

    mnemonic: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]


Coded = TypeVar("Coded", bound=Encodable)


def bits(width: int, doc: str, *, signed: bool = False, default: int = 0) -> Any:
    """Declare an integer field of `width` bits, two's complement where `signed`."""
    return dataclasses.field(default=default, metadata={"bits": width, "signed": signed, "doc": doc})


def choice(default: enum.IntEnum, doc: str, *, width: int) -> Any:
    """Declare a field of `width` bits whose value is a member of the default's enumeration."""
    return dataclasses.field(
        default=default, metadata={"bits": width, "signed": False, "doc": doc, "enum": type(default)}
    )


def field_range(field: dataclasses.Field[Any]) -> tuple[int, int]:
    """Least and greatest value of a field."""
    width: int = field.metadata["bits"]
    if field.metadata["signed"]:
        return -(1 << (width - 1)), (1 << (width - 1)) - 1
    return 0, (1 << width) - 1


@functools.cache
def _ranges(row: type[Encodable]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The least values of all fields in order, and the greatest."""
    ranges = [field_range(field) for field in dataclasses.fields(row)]
    return tuple(least for least, _ in ranges), tuple(greatest for _, greatest in ranges)


def check_fields(instruction: Encodable) -> None:
    """Raise BadInput where a field's value does not fit its bits."""
    least, greatest = _ranges(type(instruction))
    values = tuple(vars(instruction).values())
    if all(map(operator.le, least, values)) and all(map(operator.le, values, greatest)):
        return
    for field in dataclasses.fields(instruction):
        low, high = field_range(field)
        value = getattr(instruction, field.name)
        if not low <= value <= high:
            name = instruction.mnemonic
            raise BadInput(f"{name}.{field.name} is {value}; {field.metadata['bits']} bits hold {low} to {high}")


def encode(instruction: Encodable, opcode: int) -> bytes:
    """The instruction's 128 bytes: the opcode, then the fields in order from the low bits up."""
    check_fields(instruction)
    word, position = opcode, OPCODE_BITS
    for field in dataclasses.fields(instruction):
        width: int = field.metadata["bits"]
        word |= (int(getattr(instruction, field.name)) & ((1 << width) - 1)) << position
        position += width
    return word.to_bytes(INSTRUCTION_BYTES, "little")


def decode(row: type[Coded], data: bytes) -> Coded:
    """The instruction of class `row` that `data` encodes; BadInput on a reserved value or stray bits."""
    word = int.from_bytes(data, "little") >> OPCODE_BITS
    values: dict[str, Any] = {}
    for field in dataclasses.fields(row):
        width: int = field.metadata["bits"]
        raw = word & ((1 << width) - 1)
        word >>= width
        if field.metadata["signed"] and raw >> (width - 1):
            raw -= 1 << width
        values[field.name] = _member(row, field, raw)
    if word:
        raise BadInput(f"{row.mnemonic} has bits set beyond its last field")
    return row(**values)


def _member(row: type[Encodable], field: dataclasses.Field[Any], raw: int) -> int:
    members: type[enum.IntEnum] | None = field.metadata.get("enum")
    if members is None:
        return raw
    try:
        return members(raw)
    except ValueError:
        raise BadInput(f"{row.mnemonic}.{field.name} has the reserved value {raw}") from None
