"""The attribute tables of the TOSA flatbuffer schema, found in the classes that tosa-tools generates from it."""

from __future__ import annotations

import enum
import importlib
import re
from dataclasses import dataclass
from functools import cache
from typing import Any


class Form(enum.Enum):
    """How the schema stores an attribute."""

    SCALAR = "a bool, int or float"
    ENUM = "a number that stands for a name"
    INTEGERS = "a vector of int32"
    BYTES = "a vector of bytes that holds one element of the operator's input type"
    TEXT = "a string"


@dataclass(frozen=True, kw_only=True)
class AttributeField:
    """One attribute: its name in the specification, in the generated code, and its form."""

    name: str
    generated_name: str
    form: Form


_ENUM_CLASSES = {
    "acc_type": "DType",
    "block_size": "BlockSize",
    "mode": "ResizeMode",
    "nan_mode": "NanPropagationMode",
    "rounding_mode": "RoundingMode",
}
_BYTE_ATTRIBUTES = ("min_val", "max_val", "implementation_attrs")
_TEXT_ATTRIBUTES = ("operator_name", "domain_name", "then_graph", "else_graph", "cond_graph", "body_graph")
_NOT_ATTRIBUTES = re.compile(r"GetRootAs|Init$|\w+(BufferHasIdentifier|AsNumpy|Length|IsNone)$")


def generated(name: str) -> Any:
    """The generated class of that name; its module's functions are reached through `generated_module`."""
    return getattr(generated_module(name), name)


def generated_module(name: str) -> Any:
    """The generated module `tosa.<name>`, imported at the first use."""
    return importlib.import_module(f"tosa.{name}")


@cache
def names_of(enum_class: str) -> dict[int, str]:
    """Number to name for a generated enum such as `Op`, `DType` or `RoundingMode`."""
    members = vars(generated(enum_class)).items()
    return {value: name for name, value in members if isinstance(value, int) and not name.startswith("_")}


@cache
def numbers_of(enum_class: str) -> dict[str, int]:
    """Name to number for a generated enum: the inverse of names_of."""
    return {name: number for number, name in names_of(enum_class).items()}


def enum_class_of(attribute: str) -> str:
    """The generated enum of an attribute whose form is ENUM."""
    return _ENUM_CLASSES[attribute]


@cache
def attribute_fields(attribute_class: str) -> tuple[AttributeField, ...]:
    """The attributes of a generated table such as `Conv2dAttribute`, in the order of the schema."""
    methods = vars(generated(attribute_class))
    return tuple(_field(name, methods) for name in methods if name[0].isupper() and not _NOT_ATTRIBUTES.match(name))


def _field(generated_name: str, methods: Any) -> AttributeField:
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", generated_name).lower()
    return AttributeField(
        name=name, generated_name=generated_name, form=_form(name, vector=f"{generated_name}Length" in methods)
    )


def _form(name: str, *, vector: bool) -> Form:
    if name in _BYTE_ATTRIBUTES:
        return Form.BYTES
    if vector:
        return Form.INTEGERS
    if name in _TEXT_ATTRIBUTES:
        return Form.TEXT
    return Form.ENUM if name in _ENUM_CLASSES else Form.SCALAR


def attribute_class_of(kind: str) -> str:
    """The generated table of an operator's attributes; the schema numbers operators and tables alike."""
    return names_of("Attribute")[numbers_of("Op")[kind]]
