"""C text of single things: types, identifiers, literals, arrays and structures."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping

import numpy as np

from chipsmith.tosa.graph import Array, DType

C_TYPES: Mapping[DType, str] = {
    DType.BOOL: "uint8_t",
    DType.INT8: "int8_t",
    DType.INT16: "int16_t",
    DType.INT32: "int32_t",
}
"""The C type of one element; a bool is 0 or 1 in a byte."""

_C_WORDS = """auto break case char const continue default do double else enum extern float for goto if inline
int long register restrict return short signed sizeof static struct switch typedef union unsigned void volatile
while asm typeof bool true false main arena memcpy memset NULL linux unix i386"""
_CPP_WORDS = """alignas alignof and and_eq bitand bitor catch class compl concept const_cast consteval constexpr
constinit co_await co_return co_yield decltype delete dynamic_cast explicit export friend mutable namespace new
noexcept not not_eq nullptr operator or or_eq private protected public reinterpret_cast requires static_assert
static_cast template this thread_local throw try typeid typename using virtual xor xor_eq"""
RESERVED_WORDS = frozenset(f"{_C_WORDS} {_CPP_WORDS}".split())
"""Identifiers that a port cannot have: words of C and C++, what the source itself names, macros of compilers."""
_RESERVED_FORM = re.compile(r"\w+_t|[A-Z]\w*_(C|H|MAX|MIN|SIZE|WIDTH)")
"""Types of the standard library, and macros of it and of the header."""
_LINE_WIDTH = 116
_INT32_MIN = -(1 << 31)


def c_identifier(text: str) -> str:
    """The text with everything that C does not take in an identifier as an underscore; `x` for none of it."""
    word = re.sub(r"[^A-Za-z0-9_]+", "_", text).strip("_") or "x"
    is_taken = word[0].isdigit() or word in RESERVED_WORDS or _RESERVED_FORM.fullmatch(word)
    return f"x_{word}" if is_taken else word


def unique_identifiers(texts: Iterable[str], *, taken: Iterable[str] = ()) -> tuple[str, ...]:
    """An identifier for each text, in order, all different from one another and from those `taken`, in capitals too."""
    used = {word.upper() for word in taken}
    chosen: list[str] = []
    for text in texts:
        base = word = c_identifier(text)
        number = 2
        while word.upper() in used:
            word, number = f"{base}_{number}", number + 1
        used.add(word.upper())
        chosen.append(word)
    return tuple(chosen)


def literal(value: int) -> str:
    """An int32 or int64 constant; its least values are not written as a minus before what does not fit."""
    if value == _INT32_MIN:
        return "INT32_MIN"
    if not _INT32_MIN < value < 1 << 31:
        return "INT64_MIN" if value == -(1 << 63) else f"INT64_C({value})"
    return str(value)


def element_text(base: str, index: int) -> str:
    """The pointer to an element of an array."""
    return f"{base} + {index}" if index else base


def sum_text(text: str, addend: int) -> str:
    """An expression plus a constant; the least of 32 bits has no positive."""
    if not addend:
        return text
    return f"{text} + {literal(addend)}" if addend > 0 or addend == _INT32_MIN else f"{text} - {-addend}"


def wrap_line(text: str, *, indent: int) -> str:
    """A call, a head of a function or a comment, indented, on as many lines as it needs."""
    first, rest = " " * indent, " " * (indent + 4)
    lines = textwrap.wrap(
        text, _LINE_WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines)


def comment(text: str) -> str:
    """The text as it may stand in a C comment, whatever names a network bears: ASCII, and no end of the comment."""
    return text.encode("ascii", "replace").decode().replace("*/", "* /").replace("/*", "/ *").replace("\\", "/")


def array_text(name: str, data: Array, dtype: DType) -> str:
    """The definition of a constant array in read-only memory."""
    flat = np.ascontiguousarray(data).reshape(-1)
    values = ", ".join(map(literal, flat.astype(np.int64).tolist()))
    lines = textwrap.fill(values, _LINE_WIDTH, initial_indent="    ", subsequent_indent="    ")
    return f"static const {C_TYPES[dtype]} {name}[{flat.size}] = {{\n{lines}\n}};\n"


def structure_text(kind: str, name: str, fields: Mapping[str, int | str]) -> str:
    """The definition of a constant structure of type `kind`, its fields by name."""
    texts = (f".{field} = {value if isinstance(value, str) else literal(value)}" for field, value in fields.items())
    lines = textwrap.fill(", ".join(texts), _LINE_WIDTH, initial_indent="    ", subsequent_indent="    ")
    return f"static const {kind} {name} = {{\n{lines}\n}};\n"
