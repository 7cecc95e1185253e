"""A search in words and rows, for the terminal and the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chipsmith.studies.search.figures import PairFigure
from chipsmith.studies.search.parameters import Value
from chipsmith.studies.search.result import SearchResult
from chipsmith.studies.search.study_file import SamplerKind
from chipsmith.studies.search.winner import WINNER_RULE, Change

Rows = list[tuple[str, ...]]


def front_rows(result: SearchResult) -> tuple[tuple[str, ...], Rows]:
    """The heads and rows of the front: objectives, budgeted figures, the values that differ from design to design."""
    figures = _shown_figures(result)
    differing = [
        parameter.name
        for parameter in result.space.varied
        if len({trial.values[parameter.name] for trial in result.front}) > 1
    ]
    winner = result.winner
    rows = [
        (
            "winner" if winner is not None and trial.values == winner.values else str(index),
            *(f"{trial.figures[figure]:.4g}" for figure in figures if trial.figures),
            short_values({name: trial.values[name] for name in differing}),
        )
        for index, trial in enumerate(result.front)
    ]
    return ("design", *figures, "chip"), rows


def change_rows(result: SearchResult) -> tuple[tuple[str, ...], Rows]:
    """The heads and rows of the steps around the winner."""
    figures = _shown_figures(result)
    rows = [
        (
            change.parameter,
            f"{change.before} to {change.after}",
            *(f"{change.figures[figure]:.4g}" if change.figures else "-" for figure in figures),
            describe_change(change),
        )
        for change in result.changes
    ]
    return ("parameter", "change", *figures, "what comes of it"), rows


def describe_change(change: Change) -> str:
    """What comes of a change in a few words."""
    if change.ratio is None:
        return "does not fit" if change.legal else "no legal chip"
    words = _describe_ratio(change.ratio)
    return f"{words}, but breaks {', '.join(map(str, change.broken))}" if change.broken else words


def _describe_ratio(ratio: float) -> str:
    """A score over the winner's in words: in per cent below a factor of two."""
    if ratio == 1:
        return "as good"
    factor, side = max(ratio, 1 / ratio), "worse" if ratio > 1 else "better"
    return f"{factor:.3g} times {side}" if factor >= 2 else f"{100 * (factor - 1):.2g} % {side}"


def winner_sentences(result: SearchResult) -> Iterator[str]:
    """The winner, by which rule, what is on a border and what the search has missed."""
    winner = result.winner
    if winner is None or winner.figures is None:
        return
    figures = ", ".join(f"{figure} {winner.figures[figure]:.4g}" for figure in _shown_figures(result))
    yield f"winner: {figures}; {long_values(winner.values)}; seen by {', '.join(result.seen_by(winner))}"
    yield f"rule: {WINNER_RULE}"
    for border in result.borders:
        yield f"at a border of the space: {border}"
    if result.climbed:
        yield f"{len(result.climbed)} steps from the best trial led to it: more trials may find more"


def node_sentences(result: SearchResult) -> Iterator[str]:
    """Where designs of the front have different nodes: that figures of two nodes do not come of the same sources."""
    nodes = result.front_nodes_nm
    if len(nodes) > 1:
        yield (
            f"the front has chips of {', '.join(map(str, nodes[:-1]))} and {nodes[-1]} nm: their figures come of "
            "different sources, so a small difference between nodes says nothing (docs/estimates.md, From node to node)"
        )


def budget_sentences(result: SearchResult) -> Iterator[str]:
    """Which budgets bind, beside the nearest miss where no design keeps all."""
    if result.winner is None:
        yield result.failure
        return
    for row in result.budgets:
        if row.gain is None:
            yield f"{row.constraint} does not bind: no design that it alone excludes is better"
        else:
            yield f"{row.constraint} binds: without it a design {row.gain:.3g} times better was seen"


def comparison_sentences(result: SearchResult) -> Iterator[str]:
    """The sampler beside random search, by hypervolume."""
    if result.sampled.sampler is SamplerKind.RANDOM:
        yield f"hypervolume of random search: {result.random.mean_volumes()[-1]} {_unit(result)}"
        return
    own, other = result.sampled.mean_volumes()[-1], result.random.mean_volumes()[-1]
    count = len(next(iter(result.sampled.by_seed.values())))
    yield (
        f"hypervolume after {count} trials, mean over {len(result.sampled.by_seed)} seeds (95 % by Student's t), in "
        f"{_unit(result)}: {result.sampled.sampler} {own}, random {other}, difference {result.gain()}"
    )


def short_values(values: Mapping[str, Value]) -> str:
    """A combination with the last part of each name alone, as "rows=16"."""
    return ", ".join(f"{name.rpartition('.')[2]}={value}" for name, value in values.items())


def long_values(values: Mapping[str, Value]) -> str:
    """A combination as settings, as "tensor.rows=16"."""
    return ", ".join(f"{name}={value}" for name, value in values.items())


def _unit(result: SearchResult) -> str:
    count = len(result.goal.directions)
    return "decades below the reference point" if count == 1 else f"decades^{count} below the reference point"


def _shown_figures(result: SearchResult) -> list[PairFigure]:
    """The objectives, then the figures of budgets."""
    return list(dict.fromkeys([*result.goal.directions, *(budget.figure for budget in result.goal.constraints)]))
