"""The properties of a SystemVerilog source: labelled assertions and assumptions, stated by the comments above them."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LABEL = re.compile(r"^\s*(?P<name>\w+): (?P<role>assert|assume) \(")
_COMMENT = re.compile(r"^\s*// (.*)$")


class PropertyRole(enum.Enum):
    """What a property is to its own module: shown by it, or expected of what surrounds it."""

    ASSERTION = "assert"
    ASSUMPTION = "assume"


@dataclass(frozen=True, kw_only=True)
class Property:
    """A property of a module. An assumption's statement ends in a colon and who guarantees it."""

    module: str
    name: str
    role: PropertyRole
    statement: str

    @property
    def full_name(self) -> str:
        """The module and the label, as in `sequencer.issue_distance`."""
        return f"{self.module}.{self.name}"

    @property
    def is_assertion(self) -> bool:
        """Whether the module shows it."""
        return self.role is PropertyRole.ASSERTION


def read_properties(module: str, source: str) -> tuple[Property, ...]:
    """The properties of a source text, in its order."""
    return tuple(_properties(module, source.splitlines()))


def last_label(lines: Sequence[str]) -> str | None:
    """The label of the last property that begins in some lines of a source; None where none does."""
    return next((match["name"] for line in reversed(lines) if (match := _LABEL.match(line))), None)


def _properties(module: str, lines: list[str]) -> Iterator[Property]:
    comment: list[str] = []
    for line in lines:
        if match := _LABEL.match(line):
            yield Property(
                module=module, name=match["name"], role=PropertyRole(match["role"]), statement=" ".join(comment).strip()
            )
        said = _COMMENT.match(line)
        comment = [*comment, said[1]] if said else []


def as_part(source: str) -> str:
    """The source of a module that stands inside of what is proved.

    What it assumes becomes an assertion, for what is proved surrounds it; its own assertions get names that begin with
    UNPROVED, for they are proved of the module alone.
    """
    return re.sub(r"(\w+): assume \(", r"\1: assert (", as_watched(source))


def as_watched(source: str) -> str:
    """The source of a module whose assertions are left out of what is proved, by names that begin with UNPROVED."""
    return re.sub(r"(\w+): assert \(", rf"{UNPROVED}\1: assert (", source)


UNPROVED = "unproved_"
"""How the names of assertions begin that a proof leaves out."""
