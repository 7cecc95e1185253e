"""The registers of the control port and the error codes as Markdown tables, for documents and exported folders."""

from __future__ import annotations

from collections.abc import Iterator

from chipsmith.hardware.package import ERROR_TEXTS
from chipsmith.hardware.registers import REGISTERS, Register, RegisterField


def register_map() -> str:
    """Three tables: registers, their fields, error codes."""
    return "\n".join((*_registers(), "", *_fields(), "", *_errors())) + "\n"


def _registers() -> Iterator[str]:
    yield "| address | register | access | after reset | meaning |"
    yield "|---|---|---|---|---|"
    for register in REGISTERS:
        reset = "of the chip" if register.of_chip else f"0x{register.reset:x}"
        yield f"| 0x{register.address:02x} | {register.name} | {register.access.value} | {reset} | {register.meaning} |"


def _fields() -> Iterator[str]:
    yield "| register | bits | field | meaning |"
    yield "|---|---|---|---|"
    for register in REGISTERS:
        yield from (_field(register, field) for field in register.fields)


def _field(register: Register, field: RegisterField) -> str:
    high = field.low + field.width - 1
    bits = f"{field.low}" if field.width == 1 else f"{high}:{field.low}"
    return f"| {register.name} | {bits} | {field.name} | {field.meaning} |"


def _errors() -> Iterator[str]:
    yield "| error | name | meaning |"
    yield "|---|---|---|"
    for code, text in ERROR_TEXTS.items():
        yield f"| {code.value} | {code.name} | {text} |"
