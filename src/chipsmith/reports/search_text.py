"""A search in words and rows, for the terminal and the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chipsmith.reports.search_figures import UNITS
from chipsmith.studies.search.figures import PairFigure
from chipsmith.studies.search.finalists import AccuracyGain, Finals
from chipsmith.studies.search.parameters import Value
from chipsmith.studies.search.result import SearchResult
from chipsmith.studies.search.rtl_check import RtlCheck
from chipsmith.studies.search.study_file import SamplerKind, VerifiedDesigns
from chipsmith.studies.search.trials import DesignTrial
from chipsmith.studies.search.winner import WINNER_RULE, Change
from chipsmith.units import count_things, signed

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
            *(UNITS[figure].number(trial.figures[figure]) for figure in figures if trial.figures),
            *_full_accuracy(result, trial),
            _rtl_word(result.rtl_of(trial)),
            short_values({name: trial.values[name] for name in differing}),
        )
        for index, trial in enumerate(result.front)
    ]
    trained = ("trained in full",) if _finals(result) else ()
    return (
        "design",
        *(UNITS[figure].head for figure in figures),
        *trained,
        "RTL",
        "chip" if result.space.network is None else "chip and network",
    ), rows


def _finals(result: SearchResult) -> Finals | None:
    return None if result.trained is None else result.trained.finals


def _full_accuracy(result: SearchResult, trial: DesignTrial) -> tuple[str, ...]:
    """The accuracy of full trainings where there were some; nothing where no structure varies."""
    finals = _finals(result)
    if finals is None:
        return ()
    finalist = finals.finalist(trial.values)
    return ("-" if finalist is None else f"{finalist.mean:.4f} +- {finalist.std:.4f}",)


def final_sentences(result: SearchResult) -> Iterator[str]:
    """What full trainings say of the finalists, what chance does, and the test part's verdict on the winner."""
    finals = _finals(result)
    if finals is not None:
        for finalist in finals.finalists:
            yield (
                f"trained in full: {short_values(finalist.values)} has accuracy {finalist.mean:.4f} "
                f"(standard deviation {finalist.std:.4f} over {count_things(len(finalist.by_seed), 'seed')}; "
                f"{finalist.supernet:.4f} in the supernet)"
            )
        for gain in finals.gains():
            yield _gain_sentence(gain, seeds=len(finals.finalists[0].by_seed))
    if result.trained is not None and result.trained.test_accuracy is not None:
        yield f"the winner's accuracy on the test part, which judged nothing before: {result.trained.test_accuracy:.4f}"


def _gain_sentence(gain: AccuracyGain, *, seeds: int) -> str:
    over = short_values(gain.over)
    if not gain.shown:
        return (
            f"between the winner's accuracy and that of {over} there is no gain that {seeds} seeds show: "
            f"{signed(gain.gain, 4)}, and {gain.least:.4f} is noise"
        )
    side = "more" if gain.gain > 0 else "less"
    return f"the winner is {side} accurate than {over}: {signed(gain.gain, 4)}, where {gain.least:.4f} is noise"


def training_sentences(result: SearchResult) -> Iterator[str]:
    """What training took, beside the search."""
    if result.trained is None:
        return
    for name, training in result.trained.trainings.items():
        what = "the supernet of " if result.trained.elastic is not None else ""
        epochs = count_things(int(training["epochs"]), "epoch")
        yield f"{what}{name}: {epochs}, {training['cpu_s'] / 3600:.3f} hours of a processor"
    finals = _finals(result)
    if finals is not None:
        count = count_things(len(finals.finalists), "finalist")
        yield f"full trainings of {count}: {finals.cpu_s / 3600:.3f} hours of a processor"


def _rtl_word(check: RtlCheck | None) -> str:
    return "-" if check is None else "agrees"


def rtl_sentences(result: SearchResult) -> Iterator[str]:
    """Which of the designs that are shown were co-simulated in RTL."""
    if not result.front:
        return
    if result.verify is VerifiedDesigns.NONE:
        yield "no design was co-simulated in RTL (verify: none): nothing but the simulators says these cycles"
        return
    count = sum(result.rtl_of(trial) is not None for trial in result.front)
    which = ", the winner" if result.verify is VerifiedDesigns.WINNER else ""
    share = f"{count} of {count_things(len(result.front), 'design')} of the front{which}"
    yield f"{share}: co-simulated in RTL on one input, cold and warm; 0 bits and 0 cycles differ"


def accuracy_sentences(result: SearchResult) -> Iterator[str]:
    """Where structures vary: that the front's accuracies are those of the supernet."""
    if result.front and result.trained is not None and result.trained.elastic is not None:
        yield "the front's accuracies are those of the supernet; those of full trainings stand beside them"


def change_sentences(result: SearchResult) -> Iterator[str]:
    """Where structures vary: why a change may look better than the winner."""
    if result.changes and result.trained is not None and result.trained.elastic is not None:
        yield (
            "accuracies of changes are those of the supernet, and the winner was chosen with those of full trainings: "
            "a change may look better than it"
        )


def change_rows(result: SearchResult) -> tuple[tuple[str, ...], Rows]:
    """The heads and rows of the steps around the winner."""
    figures = _shown_figures(result)
    rows = [
        (
            change.parameter,
            f"{change.before} to {change.after}",
            *(UNITS[figure].number(change.figures[figure]) if change.figures else "-" for figure in figures),
            describe_change(change),
        )
        for change in result.changes
    ]
    return ("parameter", "change", *(UNITS[figure].head for figure in figures), "what comes of it"), rows


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
    figures = ", ".join(UNITS[figure].text(winner.figures[figure]) for figure in _shown_figures(result))
    yield f"winner: {figures}; {long_values(winner.values)}; found by {'; '.join(result.seen_by(winner))}"
    yield f"rule: {WINNER_RULE}"
    for border in result.borders:
        yield f"at a border of the space: {border}"
    if result.climbed:
        steps = count_things(len(result.climbed), "step")
        yield f"{steps} from the best trial led to it: more trials may find more"


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
        yield f"hypervolume of random search: {result.random.mean_volumes[-1]} {_unit(result)}"
        return
    own, other = result.sampled.mean_volumes[-1], result.random.mean_volumes[-1]
    count = len(next(iter(result.sampled.by_seed.values())))
    seeds = count_things(len(result.sampled.by_seed), "seed")
    yield (
        f"hypervolume after {count_things(count, 'trial')}, mean over {seeds} (95 % by Student's t), in "
        f"{_unit(result)}: {result.sampled.sampler} {own}, random {other}, difference {result.gain()}"
    )


def short_values(values: Mapping[str, Value]) -> str:
    """A combination with the last part of each name alone, as "rows=16"."""
    return ", ".join(f"{name.rpartition('.')[2]}={value}" for name, value in values.items())


def long_values(values: Mapping[str, Value]) -> str:
    """A combination as settings, as "tensor.rows=16"."""
    return ", ".join(f"{name}={value}" for name, value in values.items())


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def _unit(result: SearchResult) -> str:
    count = len(result.goal.directions)
    power = "" if count == 1 else str(count).translate(_RAISED)
    return f"decades{power} below the reference point"


def _shown_figures(result: SearchResult) -> list[PairFigure]:
    """The objectives, then the figures of budgets."""
    return list(dict.fromkeys([*result.goal.directions, *(budget.figure for budget in result.goal.constraints)]))
