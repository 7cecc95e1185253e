"""What explain shows, and the sentences that close run, report and estimate."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from chipsmith.console.answer_tables import layer_table, remedy_table
from chipsmith.console.presentation import Presentation, breaks_lines, print_sentence, print_tables

if TYPE_CHECKING:
    from chipsmith.flow.explain import Explanation
    from chipsmith.program.program import Program
    from chipsmith.studies.advice.record import AdviceRecord, Remedy

_UNBROKEN = "\u00a0"
"""Stands between a number and its unit, so that no line ends there."""
_MOST = 5
"""Changes of a sort that a terminal shows; the page and --json have all."""


def present_explanation(result: Explanation) -> Presentation:
    """The diagnosis in sentences; what helps, the best first, each with the command that repeats it."""
    return Presentation(
        to_json=result.to_json,
        print_text=partial(_print_explanation, result),
        print_wide=partial(_print_tables, result),
    )


def _print_tables(result: Explanation) -> None:
    """The same for a notebook: the layers, and the changes with the figures after each."""
    from chipsmith.reports.advice_text import NO_NETWORK, diagnosis_sentences, nothing_helps, warm_sentence

    advice = result.advice
    _print_items(diagnosis_sentences(advice))
    print_tables(layer_table(advice))
    remedies = [remedy for _, group in _groups(advice) for remedy in group]
    if remedies:
        print_tables(remedy_table(advice, remedies))
    nothing = nothing_helps(advice) if advice.simulated and not remedies else ""
    unknown = () if advice.simulated else (NO_NETWORK, _mend(advice))
    _print_items(filter(None, (warm_sentence(advice), *unknown, nothing)))
    for path in filter(None, (result.page, result.network)):
        print(f"written: {path}")


def print_closing(advice: AdviceRecord | None, *, folder: str = "") -> None:
    """The sentences that close a run; nothing where there is no advice."""
    from chipsmith.reports.advice_text import closing_sentences

    if advice is None:
        return
    _print_items(closing_sentences(advice))
    print_sentence(f"why, and what helps: `chipsmith explain {folder or advice.subject.model}` has all of it")


def print_reasons(program: Program) -> None:
    """Why an inference of a program takes what it takes, in three sentences; where what would help is told."""
    from chipsmith.reports.advice_text import closing_sentences
    from chipsmith.studies.advice.diagnose import diagnose
    from chipsmith.studies.advice.record import Subject

    print(f"on {program.chip.name}:")
    _print_items(closing_sentences(diagnose(program, subject=Subject(model="", chip=""))))
    print_sentence("what would help: `chipsmith explain`, with the same arguments, simulates it")


def _print_explanation(result: Explanation) -> None:
    from chipsmith.reports.advice_text import (
        NO_NETWORK,
        diagnosis_sentences,
        name_subject,
        nothing_helps,
        warm_sentence,
    )

    advice = result.advice
    print(f"Why: {name_subject(advice)}")
    _print_items(diagnosis_sentences(advice))
    print()
    if not advice.simulated:
        _print_items(filter(None, (warm_sentence(advice), NO_NETWORK, _mend(advice))))
    else:
        print(f"What would help, of {advice.simulated} changes simulated:")
        _print_items(filter(None, (warm_sentence(advice),)))
        groups = list(_groups(advice))
        for heading, remedies in groups:
            _print_group(advice, heading, remedies)
        left = _left_out(advice, groups)
        if left:
            print()
            print_sentence(f"{left} left out, for more is paid than gained: the page (--html) and --json have all")
        if not groups:
            _print_items((nothing_helps(advice),))
    for path in filter(None, (result.page, result.network)):
        print(f"written: {path}")


def _mend(advice: AdviceRecord) -> str:
    """How the network of a program that was looked at is explained on its chip."""
    from chipsmith.flow.explain import MEND

    return f"{MEND[:1].upper()}{MEND[1:]}: chipsmith explain MODEL --chip {advice.chip}."


def _groups(advice: AdviceRecord) -> Iterator[tuple[str, tuple[Remedy, ...]]]:
    """The changes that a terminal shows, under their headings; what costs more than it gains is left to the page."""
    worth = tuple(remedy for remedy in advice.remedies if remedy.score > 0)
    together = () if advice.together is None else (advice.together,)
    smaller = () if advice.smaller is None else (advice.smaller,)
    groups = {
        "Of the chip": (*worth[:_MOST], *together),
        "Of the network": (*advice.networks[:_MOST], *advice.room[:_MOST]),
        "What of the chip may go": (*advice.savings[:_MOST], *smaller),
        "Other chips": tuple(remedy for remedy in advice.chips if remedy.gain > 0),
    }
    yield from ((heading, remedies) for heading, remedies in groups.items() if remedies)


def _left_out(advice: AdviceRecord, groups: Iterable[tuple[str, tuple[Remedy, ...]]]) -> str:
    from chipsmith.flow.explain import all_remedies
    from chipsmith.units import count_things

    count = len(all_remedies(advice)) - sum(len(remedies) for _, remedies in groups)
    return count_things(count, "change") if count else ""


def _print_group(advice: AdviceRecord, heading: str, remedies: Iterable[Remedy]) -> None:
    from chipsmith.reports.advice_text import command, remedy_sentence, training_command

    print(f"\n{heading}:")
    for remedy in remedies:
        lead = "Together: " if remedy in (advice.together, advice.smaller) else ""
        _print_items((f"{lead}{remedy_sentence(advice, remedy)}",))
        for words in filter(None, (command(advice, remedy), training_command(advice, remedy))):
            print(f"    {words}")


def _print_items(sentences: Iterable[str]) -> None:
    """Sentences as a list, wrapped to the terminal's width; a file, a pipe or a notebook gets a line each."""
    from textwrap import fill

    if not breaks_lines():
        for sentence in sentences:
            print(f"  - {sentence}")
        return
    for sentence in sentences:
        whole = re.sub(r"(?<=\d) (?=%|µ|KiB|MiB|MHz|GB/s|mm|USD)", _UNBROKEN, sentence)
        print(fill(whole, width=_width(), initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False))


def _width() -> int:
    from shutil import get_terminal_size

    return min(120, max(12, get_terminal_size().columns))
