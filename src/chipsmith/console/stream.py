"""What stream shows: decisions as they come, and the summary at the end, also where an interrupt ends it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from chipsmith.console.presentation import Presentation, new_table, print_json, print_tables
from chipsmith.console.process import ExitCode
from chipsmith.units import format_time, percent, significant

if TYPE_CHECKING:
    from rich.table import Table

    from chipsmith.deployment.streaming.live import LiveStream
    from chipsmith.deployment.streaming.rates import DetectionCounts
    from chipsmith.deployment.streaming.summary import StreamDecision, StreamSummary
    from chipsmith.deployment.streaming.tuning import TunedStream
    from chipsmith.schema import Json


def present_stream(result: LiveStream) -> Presentation:
    """The decisions, one line each as they come, or those at which a class is noticed; then the figures."""
    print_text = _print_json_lines if result.as_json_lines else _print_text
    return Presentation(to_json=partial(_collect, result), print_text=partial(print_text, result))


def present_tuned(result: TunedStream) -> Presentation:
    """The rule, and what it does on validation and test recordings."""
    asked = _asked(result)
    return Presentation(
        to_json=result.to_json,
        print_text=partial(_print_tuned, result),
        failure=""
        if result.met
        else f"no rule keeps to {asked} on the validation recordings; the table has the one with the fewest, and "
        "nothing is written",
    )


def _print_tuned(result: TunedStream) -> None:
    rule = result.settings.rule
    assert rule is not None
    table = new_table(f"{result.network} on {result.chip}: '{rule.classes[0]}'", "figure", "validation", "test")
    parts = (result.validation, result.test)
    table.add_row(
        "sound",
        *(f"{part.hours * 60:,.1f} min, {part.passes} {'pass' if part.passes == 1 else 'passes'}" for part in parts),
    )
    table.add_row("false accepts an hour", *(_accepts(part) for part in parts))
    table.add_row("words not noticed", *(_rejects(part) for part in parts))
    table.add_row("delay after the word", *(_delay(part) for part in parts))
    table.caption = (
        f"simulated: {result.inferences:,} inferences on the chip, one each {result.settings.every} hops of "
        f"{result.settings.hop_ms:g} ms; recordings of voices never heard, joined with pauses and noise "
        f"{result.tuning.joining.noise_db:g} dB below them; intervals 95 %, at the mean count of a pass: the same "
        "words once more are no new evidence"
    )
    print_tables(table)
    print(
        f"rule: threshold {rule.threshold:g}, averaged over {rule.smooth_ms:g} ms, then nothing for "
        f"{rule.refractory_ms:g} ms; chosen on validation alone, for at most "
        f"{_asked(result)}"
    )
    if result.path is not None:
        print(f"written to {result.path}: `chipsmith stream` takes it from there")


def _asked(result: TunedStream) -> str:
    most = result.tuning.false_accepts_per_hour
    return f"{most:g} false accept{'' if most == 1 else 's'} an hour"


_LEAST_RATE = 0.005
"""A lower end of a rate below this is told as 0."""


def _accepts(part: DetectionCounts) -> str:
    interval = part.accepts_interval
    low = interval.low if interval.low >= _LEAST_RATE else 0.0
    return f"{part.accepts_per_hour:.2g} ({low:.2g} to {interval.high:.2g})"


def _rejects(part: DetectionCounts) -> str:
    interval = part.reject_interval
    share = f"{percent(part.reject_share, 1)} ({percent(interval.low, 1)} to {percent(interval.high, 1)})"
    return f"{share}, {part.rejected} of {part.words}"


def _delay(part: DetectionCounts) -> str:
    middle, late = part.delay_s(50), part.delay_s(95)
    return "none noticed" if middle is None or late is None else f"p50 {middle * 1e3:.0f}, p95 {late * 1e3:.0f} ms"


def _collect(result: LiveStream) -> Json:
    """The one object; an interrupt gives that of what was so far."""
    decisions: list[Json] = []
    with _interruptible(lambda: print_json(result.describe(decisions))):
        decisions.extend(decision.to_json() for decision in result)
    return result.describe(decisions)


def _print_text(result: LiveStream) -> None:
    with _interruptible(lambda: _print_summary(result.summary)):
        for decision in result:
            if result.settings.rule is None or decision.detected is not None:
                print(_decision_line(decision), flush=True)
    _print_summary(result.summary)


def _print_json_lines(result: LiveStream) -> None:
    def close() -> None:
        print(json.dumps({"summary": result.summary.to_json()}), flush=True)

    with _interruptible(close):
        for decision in result:
            print(json.dumps(decision.to_json()), flush=True)
    close()


@contextmanager
def _interruptible(close: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C is how a stream without an end is left: `close` shows what was so far, and the exit code says it."""
    try:
        yield
    except KeyboardInterrupt:
        close()
        sys.stdout.flush()
        raise SystemExit(ExitCode.INTERRUPTED) from None


def _decision_line(decision: StreamDecision) -> str:
    when = f"{decision.index + 1:>8,}" if decision.time_s is None else f"{decision.time_s:9.3f} s"
    return f"{when}  {decision.line}"


def _print_summary(summary: StreamSummary) -> None:
    print_tables(_table(summary))
    for note in summary.sentences:
        print(f"note: {note}")


def _table(summary: StreamSummary) -> Table:
    rhythm, host = summary.rhythm, summary.host
    length = f"{summary.seen:,} {summary.unit}" if summary.seconds is None else f"{summary.seconds:,.2f} s"
    table = new_table(f"{summary.network} on {rhythm.chip}: {summary.source}, {length}", "figure", "value", "how")
    table.add_row("inferences", f"{summary.inferences:,} in {summary.hops:,} hops{_hop(summary)}", "")
    if summary.settings.rule is not None:
        rule = summary.settings.rule
        of = f"{', '.join(rule.classes)} from {rule.threshold:.2g}, {rule.smooth_ms:g} ms averaged"
        table.add_row("noticed", f"{len(summary.detections):,} times ({of})", "")
    if host is not None:
        table.add_row("host, a hop", f"p50 {host.p50_us / 1e3:.2f} ms, p99 {host.p99_us / 1e3:.2f} ms", "measured here")
        table.add_row("", f"p99 {host.cpu_p99_us / 1e3:.2f} ms of processor time", "measured here")
    table.add_row(
        "chip, an inference", f"{format_time(rhythm.latency_us(1))}, {rhythm.warm_cycles:,} cycles, warm", "simulated"
    )
    table.add_row("", f"{format_time(rhythm.latency_us(0))} the first, cold", "simulated")
    if summary.deadline_misses is not None and summary.hop_s is not None:
        text = f"{summary.deadline_misses:,} of {summary.hops:,} hops took over {summary.hop_s * 1e3:g} ms"
        table.add_row("deadline misses", text, "host + chip")
    if summary.duty is not None and summary.energy_j_per_hour is not None:
        table.add_row("chip works", f"{significant(100 * summary.duty)} % of the time", "simulated")
        energy = f"{summary.energy_j_per_hour:.3g} J, {summary.energy_j_per_hour / 3.6:.3g} mW"
        table.add_row("energy an hour", energy, "estimated")
        table.add_row("", f"of it leakage {rhythm.leakage_j_per_hour:.3g} J", "estimated")
    if summary.real_time_factor is not None:
        table.add_row("this simulation", f"{significant(summary.real_time_factor)} times real time", "measured here")
    table.caption = (
        f"host: preprocessing to answer, one thread of this computer; the simulator's own {summary.simulator_s:.2f} s "
        "count neither as host nor as chip"
    )
    if summary.energy_j_per_hour is not None:
        table.caption += (
            "; energy: the chip's, which leaks all the time, and that of external transfers; what the external memory "
            "takes while it is idle is left out"
        )
    return table


def _hop(summary: StreamSummary) -> str:
    return "" if summary.hop_s is None else f" of {summary.hop_s * 1e3:g} ms"
