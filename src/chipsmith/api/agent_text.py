"""What a tool says of itself: the sentences of its verb's docstring that speak of the tool's own arguments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chipsmith.api.parameter import Argument, Option, Parameter
from chipsmith.api.verb import AnyVerb

_SENTENCE_ENDS = re.compile(r"(?<=[.:])\s+(?=[A-Z`\"])")
_NAMED = re.compile(r"`([^`]+)`")
_PYTHON = re.compile(
    r"Raises |[A-Z]\w+Results?\b|[A-Z]\w+(?:Network|Set|Error)s?\b"
    r"|\b(?:[Aa]n?|[Tt]he|or|its) (?:Estimate|Program|Recipe|Chip|Graph)s?\b"
    r"|\bPrograms?,|\bModules?\b|nn\.Module|\barrays?\b|\biterat|no exception|chipsmith\.|\breturned\b|\bin Python\b"
    r"|torchrun|as for |as that of|\bThe command\b|the command takes|SearchStudy|`--|(?:as|by) its result"
    r"|^They |^Without them|^`require_signature`"
)
"""Marks a sentence that speaks of Python's values, exceptions or modules, or of another verb's arguments."""
_REPEATABLE = "; repeatable"


def describe_tool(verb: AnyVerb) -> str:
    """What an agent reads before it calls: what the verb does, by its docstring, and when its result is an error.

    Sentences that name what a tool has not (values of Python, exceptions, parameters that stand for several arguments)
    are left out: the arguments themselves say what they take.
    """
    summary, _, rest = " ".join(str(verb.function.__doc__).split()).partition(". ")
    known = {word.name for word in verb.words}
    told = [sentence for sentence in _SENTENCE_ENDS.split(rest) if sentence and _speaks_of(sentence, known)]
    fails = [f"The result is an error where {verb.fails}."] if verb.fails else []
    return " ".join([f"{summary.rstrip('.')}.", *told, *fails])


def describe_argument(word: Parameter) -> str:
    """What an argument is, in a sentence, with the form of its texts where they have one."""
    form = word.form
    if not word.help or not isinstance(form, Argument | Option):
        return ""
    if form.agent_help:
        return form.agent_help
    said = word.help.replace(_REPEATABLE, "")
    shape = form.metavar or ""
    return f"{said} Each is {shape}." if isinstance(form, Option) and re.search("[=:]", shape) else said


def _speaks_of(sentence: str, known: set[str]) -> bool:
    return _PYTHON.search(sentence) is None and all(name in known for name in _parameters_in(sentence))


def _parameters_in(sentence: str) -> Iterator[str]:
    """What a sentence names as a parameter: a bare word in backticks that is no other verb."""
    from chipsmith.api.table import WORK_VERBS

    for name in _NAMED.findall(sentence):
        if name.isidentifier() and name not in WORK_VERBS:
            yield name
