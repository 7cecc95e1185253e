"""A SourceCheck in words: the line that every command prints, and what it says where it fails."""

from __future__ import annotations

import math
from collections import Counter

from chipsmith.frontends.quantized_network import Arithmetic
from chipsmith.witness.check.outputs import OutputCheck
from chipsmith.witness.check.verdict import SourceCheck


def describe_check(check: SourceCheck) -> str:
    """The check in a line."""
    measured = f"{_measure_worst(check)} against {check.source}, {_count(check.inputs, 'input')} ({check.inputs_kind})"
    return f"check: {measured}: {check.verdict}{_place(check)}"


def explain_failure(check: SourceCheck) -> str:
    """What is wrong and the ways forward, in a sentence; empty where nothing is."""
    if check.right:
        return ""
    forward = "--no-check leaves the check out"
    if check.arithmetic is not Arithmetic.INTEGER:
        forward = f"--floor DB sets another bound than {check.floor:g} dB, {forward}"
    return f"the program does not give what {check.source} gives: {_measure_worst(check)}{_place(check)}; {forward}"


def _count(number: float, noun: str) -> str:
    return f"{number:.3g} {noun}{'' if number == 1 else 's'}"


def _place(check: SourceCheck) -> str:
    if check.right or check.fault:
        return ""
    if check.first_layer_off is None:
        return "; no layer that is known by name is off"
    return f"; the first layer off is {check.first_layer_off.text}"


def _measure_worst(check: SourceCheck) -> str:
    if check.fault or not check.outputs:
        return check.fault or "no output"
    worst = min(check.outputs, key=lambda output: _order(check, output))
    place = f" ({worst.name}, the worst of {len(check.outputs)} outputs)" if len(check.outputs) > 1 else ""
    return f"{_measure(check, worst)}{place}"


def _order(check: SourceCheck, output: OutputCheck) -> tuple[bool, bool, float, float]:
    """Outputs that are wrong come first, then those that are farthest off."""
    ratio = math.inf if output.sqnr_db is None else output.sqnr_db
    return (check.accepts(output), not output.fault, ratio, -float(output.differing))


def _measure(check: SourceCheck, output: OutputCheck) -> str:
    if output.fault:
        return f"output {output.name} {output.fault}"
    integer = check.arithmetic is Arithmetic.INTEGER
    parts = [_count_differing(output) if integer else _show_ratio(output)]
    if output.differing and output.largest_step is not None and check.arithmetic is not Arithmetic.FLOAT:
        parts.append(f"by {_count(output.largest_step, 'step')} at most{_name_roundings(check)}")
    if output.top1_agreement is not None:
        parts.append(f"top-1 {100 * output.top1_agreement:.4g} % of {output.decisions}")
    return ", ".join(filter(None, parts))


def _count_differing(output: OutputCheck) -> str:
    return f"{output.differing:,} of {output.elements:,} values differ" if output.differing else "exact"


def _show_ratio(output: OutputCheck) -> str:
    if not output.differing:
        return "exact"
    return "" if output.sqnr_db is None else f"{output.sqnr_db:.1f} dB"


def _name_roundings(check: SourceCheck) -> str:
    if not check.other_roundings:
        return ""
    counts = Counter(check.other_roundings.values())
    texts = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    return f" ({texts} may bring 1 each: TOSA rounds {'it' if counts.total() == 1 else 'them'} otherwise)"
