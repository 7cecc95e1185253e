"""The registers of the control port and the error codes as a C header."""

from __future__ import annotations

from collections.abc import Iterator

from chipsmith.codegen.ctext import comment
from chipsmith.hardware.package import ERROR_TEXTS
from chipsmith.hardware.registers import PAGE_BYTES, REGISTERS, Register, RegisterField

REGISTERS_HEADER = "chipsmith_registers.h"
"""The header's name in a folder."""


def registers_header() -> str:
    """The text of the header: addresses, masks and shifts of fields, reset values, error codes and their texts."""
    lines = [
        "/* The registers of a Chipsmith machine, written from the table from which its RTL is. */",
        "#ifndef CHIPSMITH_REGISTERS_H",
        "#define CHIPSMITH_REGISTERS_H",
        "",
        "/* The bus address of the external memory is a multiple of it. */",
        f"#define CHIPSMITH_PAGE_BYTES {PAGE_BYTES}u",
        *(line for register in REGISTERS for line in _register(register)),
        "",
        *_errors(),
        "",
        "#endif",
    ]
    return "\n".join(lines) + "\n"


def _register(register: Register) -> Iterator[str]:
    name = f"CHIPSMITH_{register.name}"
    yield ""
    yield f"/* {register.access.value}: {comment(register.meaning)} */"
    yield f"#define {name}_REGISTER 0x{register.address:02x}u"
    if register.reset:
        yield f"#define {name}_RESET 0x{register.reset:08x}u"
    for field in register.fields:
        yield from _field(name, field)
    if register.fields:
        yield f"#define {name}_MASK 0x{_mask(register):x}u"


def _field(name: str, field: RegisterField) -> Iterator[str]:
    yield f"/* {comment(field.meaning)} */"
    yield f"#define {name}_{field.name}_MASK 0x{field.mask:x}u"
    yield f"#define {name}_{field.name}_SHIFT {field.low}"


def _mask(register: Register) -> int:
    return sum(field.mask for field in register.fields)


def _errors() -> Iterator[str]:
    yield "/* Why the machine stopped: the field ERROR of STATUS. */"
    yield "typedef enum chipsmith_error {"
    yield ",\n".join(f"    CHIPSMITH_ERROR_{error.name} = {error.value}" for error in ERROR_TEXTS)
    yield "} chipsmith_error;\n"
    yield "static inline const char *chipsmith_error_text(chipsmith_error error) {"
    yield "    switch (error) {"
    for error, text in ERROR_TEXTS.items():
        yield f'        case CHIPSMITH_ERROR_{error.name}: return "{comment(text)}";'
    yield "    }"
    yield '    return "unknown error";'
    yield "}"
