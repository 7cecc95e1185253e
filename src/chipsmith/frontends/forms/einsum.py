"""Sums of products by the letters of their axes, as numpy.einsum has them."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.frontends.forms.elementwise import apply_binary
from chipsmith.frontends.forms.matrix import multiply_matrices
from chipsmith.frontends.forms.operands import permute_operand, reshape_operand
from chipsmith.frontends.forms.reduction import reduce_axes
from chipsmith.frontends.forms.values import Const, GraphValue, Value, drop_axes, permute, reshape
from chipsmith.tosa.builder import GraphBuilder, Shape


@dataclass(frozen=True, kw_only=True)
class _Term:
    """A value and the letters of its axes."""

    value: Value
    letters: str

    def size(self, letter: str) -> int:
        """The size of an axis."""
        return self.value.shape[self.letters.index(letter)]


def sum_products(build: GraphBuilder, equation: str, operands: Sequence[Value]) -> GraphValue:
    """The sum of products that an equation such as "bij,bjk->bik" says; at least one operand is computed.

    Raises BadInput where equation and operands do not fit, OperatorRefused where a letter stands twice in an operand.
    """
    letters, result = _read_equation(build, equation, operands)
    terms = [_Term(value=value, letters=own) for value, own in zip(operands, letters, strict=True)]
    while len(terms) > 1:
        needed = set(result).union(*(term.letters for term in terms[2:]))
        terms = [_multiply(build, terms[0], terms[1], needed), *terms[2:]]
    (total,) = terms
    final = _sum_out(build, total, set(result))
    assert isinstance(final.value, GraphValue)
    return permute(final.value, tuple(final.letters.index(letter) for letter in result))


def _read_equation(build: GraphBuilder, equation: str, operands: Sequence[Value]) -> tuple[list[str], str]:
    """The letters of each operand and of the result; an ellipsis stands for letters of its own."""
    plain = equation.replace(" ", "")
    left, arrow, right = plain.partition("->")
    parts = left.split(",")
    if len(parts) != len(operands):
        raise BadInput(f"'{build.scope}': the equation {equation} does not fit {len(operands)} operands")
    free = [letter for letter in string.ascii_letters if letter not in plain]
    extra = max(len(value.shape) - len(part.replace("...", "")) for part, value in zip(parts, operands, strict=True))
    spread = "".join(free[: max(extra, 0)])
    letters = [_spread(part, spread, len(value.shape)) for part, value in zip(parts, operands, strict=True)]
    for part, value in zip(letters, operands, strict=True):
        _check_letters(build, equation, part, value.shape)
    if not arrow:
        right = ("..." if "..." in left else "") + "".join(
            sorted(letter for letter in set(left) - set(",.") if left.count(letter) == 1)
        )
    return letters, right.replace("...", spread)


def _spread(part: str, letters: str, rank: int) -> str:
    count = rank - len(part.replace("...", ""))
    return part.replace("...", letters[len(letters) - count :] if count else "")


def _check_letters(build: GraphBuilder, equation: str, letters: str, shape: Shape) -> None:
    if len(letters) != len(shape):
        raise BadInput(f"'{build.scope}': the equation {equation} does not fit a value of shape {list(shape)}")
    if len(set(letters)) < len(letters):
        raise OperatorRefused(f"'{build.scope}': {equation} takes a diagonal (a letter twice), which has no form here")


def _multiply(build: GraphBuilder, left: _Term, right: _Term, needed: set[str]) -> _Term:
    """The product of two terms, summed over the letters that nobody needs."""
    left = _sum_out(build, left, needed | set(right.letters))
    right = _sum_out(build, right, needed | set(left.letters))
    shared = [letter for letter in left.letters if letter in right.letters]
    summed = [letter for letter in shared if letter not in needed]
    batch = [letter for letter in shared if letter in needed]
    rows = [letter for letter in left.letters if letter not in right.letters]
    columns = [letter for letter in right.letters if letter not in left.letters]
    letters = "".join((*batch, *rows, *columns))
    if not summed:
        return _multiply_elements(build, left, right, letters)
    product = multiply_matrices(
        build, _group(build, left, batch, rows, summed), _group(build, right, batch, summed, columns)
    )
    sizes = (
        *(max(left.size(letter), right.size(letter)) for letter in batch),
        *(left.size(letter) for letter in rows),
        *(right.size(letter) for letter in columns),
    )
    return _Term(value=reshape(build, product, sizes), letters=letters)


def _multiply_elements(build: GraphBuilder, left: _Term, right: _Term, letters: str) -> _Term:
    """A product that sums nothing: each element with each that shares its letters."""
    factors = [_spread_axes(build, term, letters) for term in (left, right)]
    if all(isinstance(factor, Const) for factor in factors):
        return _Term(value=_multiply_constants(factors), letters=letters)
    return _Term(value=apply_binary(build, "MUL", *factors), letters=letters)


def _spread_axes(build: GraphBuilder, term: _Term, letters: str) -> Value:
    """The value with its axes in the order of the letters, and of size 1 where it has none of a letter."""
    own = tuple(term.letters.index(letter) for letter in letters if letter in term.letters)
    sizes = tuple(term.size(letter) if letter in term.letters else 1 for letter in letters)
    return reshape_operand(build, permute_operand(term.value, own), sizes)


def _multiply_constants(factors: Sequence[Value]) -> Const:
    first, second = (factor.values for factor in factors if isinstance(factor, Const))
    return Const(values=np.multiply(first, second))


def _group(
    build: GraphBuilder, term: _Term, batch: Sequence[str], rows: Sequence[str], columns: Sequence[str]
) -> Value:
    """The value as matrices: the batch's axes, then those of the rows as a single axis, then those of the columns."""
    moved = permute_operand(term.value, tuple(term.letters.index(letter) for letter in (*batch, *rows, *columns)))
    sizes = [math.prod(term.size(letter) for letter in group) for group in (rows, columns)]
    return reshape_operand(build, moved, (*(term.size(letter) for letter in batch), *sizes))


def _sum_out(build: GraphBuilder, term: _Term, needed: set[str]) -> _Term:
    """Without the letters that nobody needs."""
    axes = tuple(axis for axis, letter in enumerate(term.letters) if letter not in needed)
    if not axes:
        return term
    letters = "".join(letter for letter in term.letters if letter in needed)
    if isinstance(term.value, Const):
        return _Term(value=Const(values=term.value.values.sum(axis=axes)), letters=letters)
    total = reduce_axes(build, "REDUCE_SUM", term.value, axes)
    return _Term(value=drop_axes(build, total, axes), letters=letters)
