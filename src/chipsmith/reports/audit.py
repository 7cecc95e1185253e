"""The page of an audit: accuracy and the attack's advantage over epsilon, and what the promise does not cover."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from chipsmith.files import write_whole
from chipsmith.learn.privacy.audit_record import AttackFigures, AuditRecord, AuditRow, Target
from chipsmith.profile.profile import Evidence
from chipsmith.reports.charts import BLUE, GREY, ORANGE, Chart, Trace, chart, error_bars
from chipsmith.reports.headline import percent
from chipsmith.reports.html import fill_page
from chipsmith.reports.markup import Cell, escape, how, number, paragraph, plot, section, table

_TARGETS: tuple[tuple[Target, str, str, Evidence], ...] = (
    ("source", "float", BLUE, Evidence.MEASURED),
    ("npu", "chip", ORANGE, Evidence.SIMULATED),
)
_HEIGHT = 320


def render_audit(record: AuditRecord) -> str:
    """The page as HTML; it opens without a network."""
    title = f"What {record.network} tells of its examples"
    kind = "good" if not record.failure else "bad"
    body = (
        f"<main><header><h1>{escape(title)}</h1></header>"
        f'<div class="verdict {kind}">{paragraph(verdict(record))}</div>'
        f"{_trade(record)}{_attacks(record)}{_outside(record)}</main>"
    )
    return fill_page(title, body=body, charts={"accuracy": _accuracy(record), "advantage": _advantage(record)})


def write_audit_page(record: AuditRecord, path: Path) -> None:
    """Write the page, whole or not at all."""
    write_whole(path, render_audit(record).encode())


def verdict(record: AuditRecord) -> str:
    """The outcome in two sentences."""
    if record.failure:
        return f"{record.failure[0].upper()}{record.failure[1:]}."
    private = [row for row in record.rows if row.epsilon is not None] or list(record.rows)
    row = max(private, key=lambda candidate: candidate.accuracy("npu"))
    figures = row.strongest("npu")
    budget = "without privacy" if row.epsilon is None else f"at epsilon {row.epsilon:g}"
    return (
        f"On the chip {record.network} gets {percent(row.accuracy('npu'), 1)} right {budget}, and the stronger attack "
        f"({figures.attack}) has an advantage of {figures.advantage:.3f} ({_span(figures.interval)}). Of a network "
        f"that is overfitted on purpose the same attacks obtain at least {record.control_bound:.2f}: they see."
    )


def _trade(record: AuditRecord) -> str:
    seeds = f"{len(record.seeds)} seeds" if len(record.seeds) > 1 else "a single seed"
    text = (
        f"Accuracy is that of the test part, the mean of {seeds}, each a dot. Advantage is the share of members that "
        "the stronger attack tells, less that of others that it takes for members: 0 is guessing, 1 is knowing. Bars "
        "are intervals at 95 % (Clopper and Pearson)."
    )
    pair = plot("accuracy", "Accuracy over epsilon") + plot("advantage", "Advantage of the attack over epsilon")
    return section("trade", "Accuracy and privacy", how(text), f'<div class="pair">{pair}</div>')


def _attacks(record: AuditRecord) -> str:
    columns = ("epsilon", "network", "accuracy", "attack", "advantage", "at 95 %", "true at 1 % false", "needs epsilon")
    text = (
        f"The attacker has {record.shadows} networks trained the same way on other examples, and chose on them where "
        "to cut. Overfitted is a network of 300 examples or fewer, part of whose labels are permuted: an attack that "
        "does not see it sees nothing. The last column is the epsilon that such rates need; examples of a single "
        "network are no independent trials, so it is an estimate. The examples that the chip executes are the tested "
        "ones and as many members."
    )
    return section("attacks", "The attacks", how(text), table(columns, _rows(record), label="attacks"))


def _rows(record: AuditRecord) -> Iterator[list[str | Cell]]:
    for figures in record.control:
        accuracy = number(record.control_accuracy, percent(record.control_accuracy, 1))
        yield ["overfitted", Cell(text="float", badge=Evidence.MEASURED), accuracy, *_cells(figures)]
    for row in record.rows:
        for target, name, _, kind in _TARGETS:
            for figures in row.attacks[target]:
                accuracy = number(row.accuracy(target), percent(row.accuracy(target), 1))
                yield [_epsilon(row), Cell(text=name, badge=kind), accuracy, *_cells(figures)]


def _cells(figures: AttackFigures) -> list[str | Cell]:
    return [
        figures.attack,
        number(figures.advantage, f"{figures.advantage:.3f}"),
        _span(figures.interval),
        number(figures.true_rate_rare, percent(figures.true_rate_rare, 1)),
        number(figures.least_epsilon, f"{figures.least_epsilon:.2f}"),
    ]


def _outside(record: AuditRecord) -> str:
    own = "this audit: it looks at the training examples as they are, and so do its figures and its folder"
    rows = [(sentence,) for sentence in (*record.outside, own)]
    return section("outside", "Outside of the promise", table(("what",), rows, label="outside of the promise"))


def _accuracy(record: AuditRecord) -> Chart:
    traces: list[Trace] = []
    for target, name, colour, _ in _TARGETS:
        means = [100 * row.accuracy(target) for row in record.rows]
        traces.append(_line(record, name, colour, means))
        dots = [(_epsilon(row), 100 * value) for row in record.rows for value in row.accuracies[target]]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [label for label, _ in dots],
                "y": [value for _, value in dots],
                "marker": {"color": colour, "size": 5, "opacity": 0.5},
                "showlegend": False,
                "hoverinfo": "y",
            }
        )
    return chart(traces, height=_HEIGHT, x_title="epsilon", y_title="test accuracy in %", x_axis=_axis(record))


def _advantage(record: AuditRecord) -> Chart:
    traces: list[Trace] = []
    for target, name, colour, _ in _TARGETS:
        strongest = [row.strongest(target) for row in record.rows]
        values = [figures.advantage for figures in strongest]
        low, high = zip(*(figures.interval for figures in strongest), strict=True)
        error = error_bars(values, low, high, colour=colour)
        traces.append({**_line(record, name, colour, values), "error_y": error})
    guess = {
        "type": "scatter",
        "mode": "lines",
        "name": "guessing",
        "x": [_epsilon(row) for row in record.rows],
        "y": [0.0] * len(record.rows),
        "line": {"color": GREY, "dash": "dot", "width": 2},
        "hoverinfo": "skip",
    }
    return chart([guess, *traces], height=_HEIGHT, x_title="epsilon", y_title="advantage", x_axis=_axis(record))


def _line(record: AuditRecord, name: str, colour: str, values: list[float]) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [_epsilon(row) for row in record.rows],
        "y": values,
        "line": {"color": colour, "width": 2},
        "marker": {"color": colour, "size": 7},
    }


def _axis(record: AuditRecord) -> dict[str, object]:
    return {"type": "category", "categoryarray": [_epsilon(row) for row in record.rows]}


def _epsilon(row: AuditRow) -> str:
    return "without" if row.epsilon is None else f"{row.epsilon:g}"


def _span(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.3f} to {interval[1]:.3f}"
