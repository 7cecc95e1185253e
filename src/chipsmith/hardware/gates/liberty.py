"""Liberty files as they are written: groups, attributes, tables of two indices, and the truth of a function."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput

_TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|\\\r?\n|"((?:[^"\\]|\\.)*)"|([(){};:,])|([^\s(){};:,"\\]+)', re.DOTALL)
_OPERATOR = re.compile(r"\s*([()!'*&+|^]|[A-Za-z_]\w*|[01])")
_NUMBERS = re.compile(r"[\s,]+")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class LibertyGroup:
    """A group: `kind (names) { ... }`. `values`: its attributes, each a tuple of words; `groups` inside of it."""

    kind: str
    names: tuple[str, ...]
    values: Mapping[str, tuple[str, ...]]
    groups: tuple[LibertyGroup, ...]

    @property
    def name(self) -> str:
        """Its first name; empty where it has none."""
        return self.names[0] if self.names else ""

    def inside(self, kind: str) -> Iterator[LibertyGroup]:
        """The groups of a kind directly inside of it."""
        return (group for group in self.groups if group.kind == kind)

    def word(self, name: str, default: str = "") -> str:
        """The word of a simple attribute."""
        return self.values.get(name, (default,))[0]

    def number(self, name: str, default: float = 0.0) -> float:
        """The number of a simple attribute."""
        return float(self.word(name, str(default)))

    @cached_property
    def pins(self) -> dict[str, LibertyGroup]:
        """The pins of a cell by their names."""
        return {pin.name: pin for pin in self.inside("pin")}


def read_liberty(path: Path) -> LibertyGroup:
    """The library of a liberty file. BadInput where it cannot be read or is none."""
    if not path.is_file():
        raise BadInput(f"there is no liberty file {path}")
    tokens = list(_tokens(path.read_text(encoding="utf-8", errors="replace")))[::-1]
    try:
        group = next(_statements(tokens, {}))
    except (StopIteration, IndexError, ValueError):
        raise BadInput(f"{path.name} is no liberty file: it has no group library (...) {{ ... }}") from None
    if group.kind != "library":
        raise BadInput(f"{path.name} is no liberty file: it begins with {group.kind}, not with library")
    return group


def _tokens(text: str) -> Iterator[str]:
    """Words and marks; a quoted word has its first quote before it."""
    for match in _TOKEN.finditer(text):
        if match[1] is not None:
            yield '"' + match[1].replace("\\\n", " ")
        elif match[2] or match[3]:
            yield match[2] or match[3]


def _statements(tokens: list[str], values: dict[str, tuple[str, ...]]) -> Iterator[LibertyGroup]:
    """The groups up to the end of the group that is open; attributes go to `values`. The next token stands last."""
    while tokens and (name := tokens.pop()) != "}":
        if name == ";":
            continue
        follows = tokens.pop()
        if follows == ":":
            values[name] = (_value(tokens),)
        elif follows == "(":
            arguments = tuple(word.removeprefix('"') for word in _until(tokens, ")") if word != ",")
            if tokens[-1] == "{":
                tokens.pop()
                own: dict[str, tuple[str, ...]] = {}
                groups = tuple(_statements(tokens, own))
                yield LibertyGroup(kind=name, names=arguments, values=own, groups=groups)
            else:
                values[name] = arguments
        else:
            raise ValueError(follows)


def _value(tokens: list[str]) -> str:
    """The value of a simple attribute; the memories of some foundries end a quoted one without a semicolon."""
    return tokens.pop()[1:] if tokens[-1].startswith('"') else " ".join(_until(tokens, ";"))


def _until(tokens: list[str], end: str) -> Iterator[str]:
    while (token := tokens.pop()) != end:
        yield token


@dataclass(frozen=True, kw_only=True)
class LibertyTable:
    """A table over the slew of an input in ns and the load of an output in pF; values [slews, loads].

    Beyond its points the value at the border holds.
    """

    slews_ns: Floats
    loads_pf: Floats
    values: Floats

    def interpolate(self, slew_ns: Floats, load_pf: Floats) -> Floats:
        """Values at slews and loads of equal shape, bilinear."""
        row, down = _place(self.slews_ns, slew_ns)
        column, right = _place(self.loads_pf, load_pf)
        lower = (1 - right) * self.values[row, column] + right * self.values[row, column + 1]
        upper = (1 - right) * self.values[row + 1, column] + right * self.values[row + 1, column + 1]
        return np.asarray((1 - down) * lower + down * upper)


def _place(points: Floats, wanted: Floats) -> tuple[npt.NDArray[np.intp], Floats]:
    """The interval of each wanted point, and how far it lies in it."""
    low = np.clip(np.searchsorted(points, wanted, side="right") - 1, 0, len(points) - 2)
    return low, np.clip((wanted - points[low]) / (points[low + 1] - points[low]), 0.0, 1.0)


def read_table(group: LibertyGroup) -> LibertyTable:
    """The table of a group such as cell_rise or fall_power: of slew and load, of slew alone, or a scalar."""
    rows = [read_numbers(row) for row in group.values["values"]]
    first, second = (read_numbers(" ".join(group.values.get(name, ()))) for name in ("index_1", "index_2"))
    values = np.array(rows, dtype=np.float64)
    if not first:
        first, values = [0.0, 1.0], np.repeat(values.reshape(1, -1), 2, axis=0)
    if not second:
        second, values = [0.0, 1.0], np.repeat(values.reshape(-1, 1), 2, axis=1)
    return LibertyTable(slews_ns=np.array(first), loads_pf=np.array(second), values=values.reshape(len(first), -1))


def read_numbers(text: str) -> list[float]:
    """The numbers of a row or an index of a table."""
    return [float(word) for word in _NUMBERS.split(text.strip()) if word]


_LEAKAGE_MW = {"1pW": 1e-9, "1nW": 1e-6, "1uW": 1e-3, "1mW": 1.0}


def leakage_unit_mw(library: LibertyGroup) -> float:
    """Milliwatts of a library's unit of leakage; of a nanowatt where it names none of these."""
    return _LEAKAGE_MW.get(library.word("leakage_power_unit"), 1e-6)


def truth_of(function: str, pins: Sequence[str]) -> int:
    """The truth table of a function: bit i is its value where bit k of i is the value of pin k.

    BadInput where it names another pin or is no function.
    """
    everything = (1 << (1 << len(pins))) - 1
    columns = {pin: sum(1 << i for i in range(1 << len(pins)) if i >> k & 1) for k, pin in enumerate(pins)}
    words = {**columns, "0": 0, "1": everything}
    tokens = list(_OPERATOR.findall(function))
    value, rest = _sum(tokens, words, everything)
    if rest:
        raise BadInput(f"the function {function!r} does not end where it should: {' '.join(rest)}")
    return value


def _sum(tokens: list[str], words: Mapping[str, int], everything: int) -> tuple[int, list[str]]:
    value, tokens = _exclusive(tokens, words, everything)
    while tokens and tokens[0] in "+|":
        term, tokens = _exclusive(tokens[1:], words, everything)
        value |= term
    return value, tokens


def _exclusive(tokens: list[str], words: Mapping[str, int], everything: int) -> tuple[int, list[str]]:
    value, tokens = _product(tokens, words, everything)
    while tokens and tokens[0] == "^":
        factor, tokens = _product(tokens[1:], words, everything)
        value ^= factor
    return value, tokens


def _product(tokens: list[str], words: Mapping[str, int], everything: int) -> tuple[int, list[str]]:
    """Factors with * or & or nothing between them."""
    value, tokens = _factor(tokens, words, everything)
    while tokens and tokens[0] not in ")+|^":
        factor, tokens = _factor(tokens[1:] if tokens[0] in "*&" else tokens, words, everything)
        value &= factor
    return value, tokens


def _factor(tokens: list[str], words: Mapping[str, int], everything: int) -> tuple[int, list[str]]:
    if not tokens:
        raise BadInput("a function of the liberty file ends too early")
    head, rest = tokens[0], tokens[1:]
    if head == "!":
        value, rest = _factor(rest, words, everything)
        value ^= everything
    elif head == "(":
        value, rest = _sum(rest, words, everything)
        rest = rest[1:]
    elif head in words:
        value = words[head]
    else:
        raise BadInput(f"a function of the liberty file names {head}, which is none of the pins {', '.join(words)}")
    while rest and rest[0] == "'":
        value, rest = value ^ everything, rest[1:]
    return value, rest
