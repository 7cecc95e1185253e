"""Yosys' RTLIL as text: the modules of a design one by one, each so written that it depends on no other."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass

_MODULE = re.compile(r"^((?:attribute .*\n)*)module (\S+)\n((?:(?!end\n).*\n)*)end\n", re.MULTILINE)
_NUMBER = re.compile(r"(?<!paramod)\$(\d+)(?!\d)")
_POSITION = re.compile(r"^ *attribute \\(?:src|top) .*\n", re.MULTILINE)
_LINE = re.compile(r"\.sv:\d+(?=\$)")
_PORT = re.compile(r"^  (?:wire .*(?:input|output|inout) \d+ |parameter ).*\n", re.MULTILINE)
_INSTANCE = re.compile(r"^  cell (\S+) (\S+)$", re.MULTILINE)
_BLACK_BOX = "attribute \\blackbox 1\n"


@dataclass(frozen=True, kw_only=True)
class RtlilModule:
    """A module of a design in RTLIL: its name as yosys' commands take it, the lines before it, and its contents."""

    name: str
    attributes: str
    contents: str

    @property
    def is_black_box(self) -> bool:
        """Whether a macro or a cell comes in its place."""
        return "\\blackbox" in self.attributes

    @property
    def text(self) -> str:
        """The module alone."""
        return f"{self.attributes}module {_identifier(self.name)}\n{self.contents}end\n"

    @property
    def interface(self) -> str:
        """A black box with its ports."""
        return f"{_BLACK_BOX}module {_identifier(self.name)}\n{''.join(_PORT.findall(self.contents))}end\n"

    @property
    def cells(self) -> dict[str, str]:
        """The kind of each instance by its name: modules, cells of a library, and yosys' own."""
        return {_plain(name): _plain(kind) for kind, name in _INSTANCE.findall(self.contents)}

    @property
    def cell_kinds(self) -> frozenset[str]:
        """What it instantiates: names of modules, and yosys' own cells."""
        return frozenset(self.cells.values())


def split_modules(rtlil: str) -> dict[str, RtlilModule]:
    """The modules of a design by name, in its order."""
    parts = (match.groups() for match in _MODULE.finditer(rtlil))
    modules = (RtlilModule(name=_plain(name), attributes=before, contents=text) for before, name, text in parts)
    return {module.name: module for module in modules}


def stand_alone(module: RtlilModule, design: Mapping[str, RtlilModule]) -> str:
    """A design of the module and of the borders of what it instantiates, without a trace of what else there is.

    The lines of its sources are left out, and the numbers that yosys counts up over the whole design are counted anew
    in the order in which they appear: two texts are alike only where the modules are the same but for such numbers.
    Numbers in the names of modules, ports and parameters stay: others name them too.
    """
    parts = [design[kind].interface for kind in sorted(module.cell_kinds & design.keys())]
    outside = {int(number) for text in (module.interface, *parts) for number in _NUMBER.findall(text)}
    free = (number for number in itertools.count(1) if number not in outside)
    numbers: dict[int, int] = {number: number for number in outside}

    def renumber(match: re.Match[str]) -> str:
        number = int(match[1])
        if number not in numbers:
            numbers[number] = next(free)
        return f"${numbers[number]}"

    text = _NUMBER.sub(renumber, _LINE.sub(".sv", _POSITION.sub("", module.text)))
    return f"autoidx {max(numbers.values(), default=0) + 1}\n{''.join(parts)}{text}"


def _plain(identifier: str) -> str:
    return identifier.removeprefix("\\")


def _identifier(name: str) -> str:
    return name if name.startswith("$") else f"\\{name}"
