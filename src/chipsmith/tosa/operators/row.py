"""The form of an operator's row, and Operation: an operator of a graph with its tensors at hand."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy.typing as npt

from chipsmith.shown import Shown
from chipsmith.tosa.graph import Array, AttributeValue, DType, Operator, Tensor
from chipsmith.tosa.operators.loops import LoopNest

MAX_RANK = 6
"""Largest rank of a tensor at TOSA's level 8K."""
MAX_KERNEL = 8192
"""Largest kernel size, dilated, and largest padding at TOSA's level 8K."""
MAX_STRIDE = 8192
"""Largest stride at TOSA's level 8K."""
MAX_SCALE = 256
"""Largest enlargement of RESIZE at TOSA's level 8K."""
MAX_TENSOR_LIST = 64
"""Most tensors that one CONCAT joins at TOSA's level 8K."""


class AttributeForm(enum.Enum):
    """What an attribute's value may be."""

    FLAG = "true or false"
    INTEGER = "an integer"
    INTEGERS = "a list of integers"
    NAME = "one of a few names"


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """An attribute of a row: `length` is fixed for some INTEGERS, `choices` are the values of a NAME."""

    name: str
    form: AttributeForm
    length: int | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Operand:
    """A tensor of a row.

    `type_name` is a variable of the row's types (`in_t`) or a fixed type of the specification (`i8_t`). An
    operand that is not `ranked` between min_rank and max_rank is illegal; `compile_time` ones must be constants;
    a `variadic` one stands for one or more tensors.
    """

    name: str
    type_name: str
    min_rank: int = 0
    max_rank: int = MAX_RANK
    compile_time: bool = False
    variadic: bool = False


@dataclass(frozen=True, kw_only=True)
class Operation:
    """An operator of a graph with its tensors: what rules and meanings look at.

    `tensors` maps the row's operand names to the graph's tensors (of a variadic operand only the first is there;
    `inputs` has all), `constants` those of them whose data is in the graph.
    """

    operator: Operator
    inputs: tuple[Tensor, ...]
    output: Tensor
    tensors: Mapping[str, Tensor]
    constants: Mapping[str, npt.NDArray[Any]]

    def shape(self, operand: str) -> tuple[int, ...]:
        """The shape of an operand."""
        return self.tensors[operand].shape

    def dtype(self, operand: str) -> DType:
        """The element type of an operand."""
        return self.tensors[operand].dtype

    def values(self, operand: str) -> tuple[int, ...]:
        """The elements of a constant integer operand, flat; KeyError where it is no constant."""
        return tuple(int(value) for value in self.constants[operand].reshape(-1))

    def value(self, operand: str) -> int:
        """The one element of a constant integer operand, such as a zero point."""
        (value,) = self.values(operand)
        return value

    def integer(self, attribute: str) -> int:
        """An attribute of form INTEGER."""
        value = self.operator.attributes[attribute]
        assert isinstance(value, int | float)
        return int(value)

    def integers(self, attribute: str) -> tuple[int, ...]:
        """An attribute of form INTEGERS."""
        value = self.operator.attributes[attribute]
        assert isinstance(value, tuple)
        return value

    def flag(self, attribute: str) -> bool:
        """An attribute of form FLAG."""
        return bool(self.operator.attributes[attribute])

    def name(self, attribute: str) -> str:
        """An attribute of form NAME."""
        return str(self.operator.attributes[attribute])


Values: TypeAlias = npt.NDArray[Any]
"""Elements of a tensor in its numpy type, with one axis more in front: the inferences of a batch.

The axis has length 1 where all inferences share the values.
"""

Types: TypeAlias = Mapping[str, DType]
"""One legal combination of element types: type variable to type."""

Shape: TypeAlias = tuple[int, ...]
ShapeRule: TypeAlias = Callable[[Operation], Shape]
"""The shape that the output must have; called only where types, ranks and constraints hold."""

Constraint: TypeAlias = Callable[[Operation], bool]
"""True where a rule holds; its docstring, one sentence, is the error message and the line in the documentation."""

LoopNestRule: TypeAlias = Callable[[Operation], LoopNest]
"""The loop nest of a multiply-accumulate operator; called only where the operator is legal."""

Meaning: TypeAlias = Callable[[Operation, Sequence[Values]], Values]
"""The output's elements for the inputs', in their order; exact wherever the specification defines the outcome."""


@dataclass(frozen=True, kw_only=True)
class OperatorRow(Shown):
    """One operator of TOSA: everything that Chipsmith knows about it."""

    kind: str
    chapter: str
    summary: str
    inputs: tuple[Operand, ...]
    output: Operand
    types: tuple[Types, ...]
    shape: ShapeRule
    meaning: Meaning
    attributes: tuple[Attribute, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    loop_nest: LoopNestRule | None = None

    @cached_property
    def operands(self) -> tuple[Operand, ...]:
        """Inputs, then the output."""
        return (*self.inputs, self.output)

    def type_of(self, operand: Operand, types: Types) -> DType:
        """The element type of an operand in one legal combination."""
        return types[operand.type_name] if operand.type_name in types else DType(operand.type_name)

    def signature(self, types: Types) -> str:
        """One legal combination of element types as text: (int8, int8, int32) -> int32."""
        inputs = ", ".join(self.type_of(operand, types).name.lower() for operand in self.inputs)
        return f"({inputs}) -> {self.type_of(self.output, types).name.lower()}"


def flag(name: str) -> Attribute:
    """An attribute that is true or false."""
    return Attribute(name=name, form=AttributeForm.FLAG)


def integer(name: str) -> Attribute:
    """An attribute that is one integer."""
    return Attribute(name=name, form=AttributeForm.INTEGER)


def integers(name: str, length: int | None = None) -> Attribute:
    """An attribute that is a list of integers, of a fixed length if given."""
    return Attribute(name=name, form=AttributeForm.INTEGERS, length=length)


def choice(name: str, *choices: str) -> Attribute:
    """An attribute that is one of a few names."""
    return Attribute(name=name, form=AttributeForm.NAME, choices=choices)


NAN_MODE = choice("nan_mode", "UNKNOWN", "PROPAGATE", "IGNORE")
"""Which operand wins where one is not a number: without effect on integers, hence any value is taken."""

ACC_TYPE_INT32 = choice("acc_type", "INT32")


def shape_of(operand: str) -> ShapeRule:
    """The rule that the output is shaped as an operand."""

    def rule(operation: Operation) -> Shape:
        return operation.shape(operand)

    return rule


def resolve(
    row: OperatorRow, operator: Operator, tensors: Mapping[str, Tensor], constants: Mapping[str, Array]
) -> Operation:
    """The operator with its tensors from a graph's tensors and constants; the number of inputs must fit the row."""
    return bind_operands([operand.name for operand in row.inputs], operator, tensors, constants)


def bind_operands(
    operands: Sequence[str], operator: Operator, tensors: Mapping[str, Tensor], constants: Mapping[str, Array]
) -> Operation:
    """The operator with its tensors, whose first inputs are the `operands` in their order."""
    names = dict(zip(operands, operator.inputs, strict=False))
    return Operation(
        operator=operator,
        inputs=tuple(tensors[name] for name in operator.inputs),
        output=tensors[operator.outputs[0]],
        tensors={operand: tensors[name] for operand, name in names.items()},
        constants={operand: constants[name] for operand, name in names.items() if name in constants},
    )


def is_value_of(attribute: Attribute, value: AttributeValue) -> bool:
    """Whether a value has an attribute's form, length and choices."""
    match attribute.form:
        case AttributeForm.FLAG:
            return isinstance(value, bool)
        case AttributeForm.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool)
        case AttributeForm.INTEGERS:
            return isinstance(value, tuple) and attribute.length in (None, len(value))
        case AttributeForm.NAME:
            return value in attribute.choices
