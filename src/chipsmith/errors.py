"""The errors that Chipsmith raises on purpose; each carries the exit code of the command line."""

from __future__ import annotations

from typing import ClassVar


class ChipsmithError(Exception):
    """An error with one clear message: what is wrong, with which thing, and the mend."""

    exit_code: ClassVar[int] = 2


class CheckFailed(ChipsmithError):
    """A witness disagreed, or a result is outside its bound."""

    exit_code: ClassVar[int] = 1


class BadInput(ChipsmithError):
    """A file, a field or an argument is missing, foreign, truncated or illegal."""

    exit_code: ClassVar[int] = 2


class OperatorRefused(ChipsmithError):
    """An operator, type or attribute is outside of what the target holds.

    `part` is the name of the operator, tensor or buffer that it is about, where it is of one: who knows the author's
    names says of which layer.
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str = "", *, part: str = "") -> None:
        super().__init__(message)
        self.part = part
