"""What a kernel takes: its parameters, each with a default and a form, read from a word or from Python."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Protocol, TypeAlias

from chipsmith.errors import BadInput
from chipsmith.suggest import nearest_in_brackets

ParameterValue: TypeAlias = int | str | tuple[int, ...]
"""A count, a word, or sizes."""

_NUMBERS = re.compile(r"\d{1,9}(x\d{1,9})*")
_LARGEST = 1 << 24
"""No kernel has more along an axis; a larger number is a slip of the hand."""

SAME, VALID = "same", "valid"


class KernelParameter(Protocol):
    """A parameter of a kernel: its name, what it is in words, its default, and how it is read."""

    @property
    def name(self) -> str:
        """The name, which the option of the command line has too."""

    @property
    def help(self) -> str:
        """What it is."""

    @property
    def default(self) -> ParameterValue:
        """What it is where nobody says."""

    def read(self, given: object) -> ParameterValue:
        """The value of a word ("3x3") or of Python's own ((3, 3)). Raises BadInput, saying what fits, for others."""


@dataclass(frozen=True, kw_only=True)
class ShapeParameter:
    """A shape with an axis for each of `axes`, such as ("batch", "height", "width", "channels")."""

    name: str
    axes: tuple[str, ...]
    default: tuple[int, ...]

    @property
    def help(self) -> str:
        """The axes, in order."""
        return " x ".join(self.axes)

    def read(self, given: object) -> tuple[int, ...]:
        """As KernelParameter.read."""
        sizes = _read_sizes(given, least=1)
        if sizes is None or len(sizes) != len(self.axes):
            raise _refuse(self, given, f"{self.help}, such as {show_value(self.default)}")
        return sizes


@dataclass(frozen=True, kw_only=True)
class SizesParameter:
    """A number for each of the window's axes; a single one stands for all."""

    name: str
    help: str
    default: tuple[int, ...]

    def read(self, given: object) -> tuple[int, ...]:
        """As KernelParameter.read."""
        sizes = _spread(_read_sizes(given, least=1), len(self.default))
        if sizes is None:
            raise _refuse(self, given, f"{_count_axes(self.default)}, such as {show_value(self.default)}")
        return sizes


@dataclass(frozen=True, kw_only=True)
class PaddingParameter:
    """`same`, `valid`, or how much is added on both sides of each of `rank` axes."""

    name: str
    rank: int
    default: str

    @property
    def help(self) -> str:
        """The words, and the numbers."""
        return "same (as many positions as size / stride, rounded up), valid (none), or numbers for both sides"

    def read(self, given: object) -> ParameterValue:
        """As KernelParameter.read."""
        if given in (SAME, VALID):
            return str(given)
        sizes = _spread(_read_sizes(given, least=0), self.rank)
        if sizes is None:
            raise _refuse(self, given, f"{SAME}, {VALID}, or numbers such as {show_value((1,) * self.rank)}")
        return sizes


@dataclass(frozen=True, kw_only=True)
class CountParameter:
    """A whole number of 1 or more."""

    name: str
    help: str
    default: int

    def read(self, given: object) -> int:
        """As KernelParameter.read."""
        sizes = _read_sizes(given, least=1)
        if sizes is None or len(sizes) != 1:
            raise _refuse(self, given, f"a whole number of 1 or more, such as {self.default}")
        return sizes[0]


@dataclass(frozen=True, kw_only=True)
class KernelSettings:
    """The values of a kernel's parameters by name, all of them; `kind` is the kernel's name."""

    kind: str
    values: Mapping[str, ParameterValue]

    def sizes(self, name: str) -> tuple[int, ...]:
        """A shape, or the numbers of a window's axes."""
        value = self.values[name]
        assert isinstance(value, tuple), name
        return value

    def count(self, name: str) -> int:
        """A whole number."""
        value = self.values[name]
        assert isinstance(value, int), name
        return value

    def refuse(self, reason: str) -> BadInput:
        """The refusal of values that do not fit one another."""
        return BadInput(f"kernel {self.kind}: {reason}")

    def __str__(self) -> str:
        return " ".join(f"{name}={show_value(value)}" for name, value in self.values.items())


def read_settings(kind: str, parameters: Sequence[KernelParameter], given: Mapping[str, object]) -> KernelSettings:
    """The settings of a kernel of that `kind`; what is not given has its default.

    Raises BadInput for a value that does not fit, and for a name that is none of the kind's parameters, which it lists.
    """
    known = {parameter.name: parameter for parameter in parameters}
    for name in given:
        if name not in known:
            raise _refuse_name(kind, name, known)
    return KernelSettings(
        kind=kind,
        values={
            name: parameter.read(given[name]) if name in given else parameter.default
            for name, parameter in known.items()
        },
    )


def show_value(value: ParameterValue) -> str:
    """A value as a word of the command line."""
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _refuse_name(kind: str, name: str, known: Mapping[str, KernelParameter]) -> BadInput:
    meant = nearest_in_brackets(name, known)
    taken = ", ".join(f"{parameter.name} (default {show_value(parameter.default)})" for parameter in known.values())
    return BadInput(f"kernel {kind} has no {name}{meant}; it takes {taken}")


def _refuse(parameter: KernelParameter, given: object, wanted: str) -> BadInput:
    value = show_value(given) if isinstance(given, tuple) else given
    return BadInput(f"{parameter.name} is {wanted}; '{value}' is given")


def _read_sizes(given: object, *, least: int) -> tuple[int, ...] | None:
    """Whole numbers of `least` and more, from a word, a number or several; None for anything else."""
    if isinstance(given, str):
        sizes = tuple(map(int, given.split("x"))) if _NUMBERS.fullmatch(given) else ()
    else:
        numbers = given if isinstance(given, Sequence) else (given,)
        sizes = tuple(int(item) for item in numbers if isinstance(item, Integral) and not isinstance(item, bool))
        sizes = sizes if len(sizes) == len(numbers) else ()
    return sizes if sizes and least <= min(sizes) and max(sizes) <= _LARGEST else None


def _spread(sizes: tuple[int, ...] | None, count: int) -> tuple[int, ...] | None:
    """The sizes, a single one `count` times; None where there is another number of them."""
    if sizes is not None and len(sizes) == 1:
        return sizes * count
    return sizes if sizes is not None and len(sizes) == count else None


def _count_axes(default: tuple[int, ...]) -> str:
    return f"{len(default)} numbers of 1 or more, or a single one for all"
