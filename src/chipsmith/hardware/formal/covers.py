"""Whether an assertion says anything of the RTL as it is: its antecedent must come true in some run of the module.

An assertion is a disjunction, `!antecedent || consequent`, whose last alternative is the consequent. Without it it must
fail, in the cycle in which the antecedent first comes true; where it does not, the assertion is vacuous.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from chipsmith.hardware.formal.answers import kept_answer
from chipsmith.hardware.formal.solver import BOUNDED, PASSES, build_circuit, decide
from chipsmith.hardware.formal.tasks import ProofTask, task_sources

DEPTH = 60
"""Cycles from power-up within which an antecedent comes true."""
LIMIT_S = 600
"""Seconds of processor time."""

_ASSERTION = re.compile(r"^( *)(\w+): assert \(", re.MULTILINE)
_COVER = "cover_"
_OPEN, _CLOSE = "([{", ")]}"


def measure_reach(task: ProofTask, *, changed: Mapping[str, str] | None = None) -> dict[str, int | None]:
    """Of each assertion of the top module of a proof the first cycle from power-up in which its antecedent is true;
    None: none within DEPTH. The result is kept by the content of the sources.

    `changed`: module to the text that stands in for its own. BadInput where a tool is missing or refuses the sources.
    """
    sources = task_sources(task, changed)
    sources = {**sources, f"{task.top}.sv": with_covers(sources[f"{task.top}.sv"])}
    method = (task.name, DEPTH, PASSES, BOUNDED, LIMIT_S)
    return kept_answer("covers", sources, method, lambda: _ask(task, sources))


def _ask(task: ProofTask, sources: Mapping[str, str]) -> dict[str, int | None]:
    circuit = build_circuit(sources, task.top)
    covers = [name for name in circuit.names if name.startswith(_COVER)]
    fails = decide(circuit.keep(covers), depth=DEPTH, limit_s=LIMIT_S).fails
    return {cover.removeprefix(_COVER): fails.get(cover) for cover in covers}


def with_covers(source: str) -> str:
    """A source in which each assertion is without its consequent, by a name that begins with `cover_`."""
    pieces, end = [], 0
    for match in _ASSERTION.finditer(source):
        closes = _end(source, match.end())
        antecedent = " || ".join(_alternatives(source[match.end() : closes])[:-1]) or "1'b0"
        pieces += [source[end : match.start()], f"{match[1]}{_COVER}{match[2]}: assert ({antecedent}"]
        end = closes
    return "".join((*pieces, source[end:]))


def _alternatives(expression: str) -> list[str]:
    """The operands of the disjunction that an expression is."""
    outer = [place for place, depth in _depths(expression) if depth == 0]
    if any(expression[place] == "?" for place in outer):
        return [expression]
    ends = [place for place in outer if expression[place : place + 2] == "||"]
    return [expression[first + 2 : last].strip() for first, last in pairwise([-2, *ends, len(expression)])]


def _end(text: str, start: int) -> int:
    """Where the bracket that was opened before `start` is closed."""
    return next(start + place for place, depth in _depths(text[start:]) if depth < 0)


def _depths(text: str) -> Iterator[tuple[int, int]]:
    """Each place of a text with the brackets that are open there; a bracket is outside of itself."""
    depth = 0
    for place, letter in enumerate(text):
        depth -= letter in _CLOSE
        yield place, depth
        depth += letter in _OPEN
