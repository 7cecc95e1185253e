"""Small integer helpers of the closed forms."""

from __future__ import annotations


def ceil_div(dividend: int, divisor: int) -> int:
    """The quotient of two integers, rounded up."""
    return -(-dividend // divisor)


def round_up(value: int, multiple: int) -> int:
    """The least multiple that is no less than a value."""
    return ceil_div(value, multiple) * multiple


def ranges_overlap(first: int, last: int, other_first: int, other_last: int) -> bool:
    """Whether two ranges of bank groups have a group in common."""
    return first <= other_last and other_first <= last
