"""Why an inference takes what it takes, and what would help."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from chipsmith.profile.critical_path import Bound
from chipsmith.profile.kernels import REST
from chipsmith.profile.layer_costs import LayerCost
from chipsmith.reports.advice_text import (
    BOUND_WORDS,
    NO_NETWORK,
    UNTRAINED,
    capitalise,
    command,
    diagnosis_sentences,
    figure_texts,
    notes,
    nothing_helps,
    title,
    training_command,
    warm_sentence,
)
from chipsmith.reports.charts import BLUE, GOLD, GREEN, GREY, ORANGE, PINK, PURPLE, Chart, chart
from chipsmith.reports.headline import percent, significant
from chipsmith.reports.markup import (
    Cell,
    escape,
    how,
    mark_code,
    number,
    paragraph,
    plot,
    section,
    share_cell,
    table,
)
from chipsmith.reports.record import RunRecord
from chipsmith.reports.sections.section import Drawing, PageSection
from chipsmith.studies.advice.record import LEAST_GAIN, AdviceRecord, Remedy
from chipsmith.units import count_things

PATH_CHART = "critical_path"
_COLOURS = {
    Bound.ARRAY: BLUE,
    Bound.WEIGHT_LOADS: "#7fb0ea",
    Bound.MULTIPLIERS: PURPLE,
    Bound.LANES: ORANGE,
    Bound.TABLE_LANES: GOLD,
    Bound.BEATS: "#e8a77c",
    Bound.STEPS: PINK,
    Bound.EXTERNAL: GREEN,
    Bound.STORES: "#7cc4a6",
    Bound.START: GREY,
    Bound.PAGES: "#b5bac1",
    Bound.ISSUE: "#5a6370",
}
_LEAST_ROW = 0.005
"""A kernel below this share of time and of energy, cold and warm, has no row."""


def _draw(record: RunRecord) -> Drawing | None:
    return None if record.advice is None else draw_advice(record.advice)


_LAYERS_TITLE, _HELP_TITLE = "What bounds each layer", "What would help"


def draw_advice(advice: AdviceRecord) -> Drawing:
    """The diagnosis in sentences, as bars and by layer; the changes that help, with what repeats each."""
    html = (
        _diagnosis(advice)
        + f"<h3>{_LAYERS_TITLE}</h3>"
        + _layer_table(advice)
        + f"<h3>{_HELP_TITLE}</h3>"
        + _help(advice)
    )
    return Drawing(html=html, charts={PATH_CHART: _path_chart(advice)})


def draw_advice_sections(advice: AdviceRecord) -> Drawing:
    """The same as sections of a page of its own, which its contents list."""
    html = (
        section("why", "Why", _diagnosis(advice))
        + section("bounds", _LAYERS_TITLE, _layer_table(advice))
        + section("help", _HELP_TITLE, _help(advice))
    )
    return Drawing(html=html, charts={PATH_CHART: _path_chart(advice)})


def _diagnosis(advice: AdviceRecord) -> str:
    bars = plot(PATH_CHART, "What the cycles of the critical path go on, cold and warm")
    return _items(diagnosis_sentences(advice)) + bars


def _items(sentences: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences if sentence)
    return f"<ul>{items}</ul>" if items else ""


def _path_chart(advice: AdviceRecord) -> Chart:
    paths = {"warm": advice.path_cycles(warm=True), "cold": advice.path_cycles()}
    bars = [
        {
            "type": "bar",
            "orientation": "h",
            "name": bound.value,
            "y": list(paths),
            "x": [path.get(bound, 0) for path in paths.values()],
            "marker": {"color": _COLOURS[bound], "line": {"color": "--muted", "width": 1}},
            "hovertemplate": f"%{{y}}: {escape(BOUND_WORDS[bound])}, %{{x:,}} cycles<extra></extra>",
        }
        for bound in Bound
        if any(path.get(bound) for path in paths.values())
    ]
    return chart(
        bars, height=230, x_title="cycles of the critical path", y_title="", layout={"barmode": "stack", "bargap": 0.3}
    )


def _layer_table(advice: AdviceRecord) -> str:
    text = how(
        "The critical path is what the end of an inference waited for, one instruction after the other: its cycles, "
        "simulated, sum to the latency, and only a kernel on it makes the inference shorter when it gets faster. A "
        "kernel that is not on it is hidden beside others. Busy cycles are those for which a kernel holds its engine, "
        "and “busy with” is what most of them go on: the path may wait for the external memory where the engine is "
        "busy with the array. Neither are they the cycles that a kernel adds to the latency, by which the graph and "
        "“Latency” are drawn: there the time of a load counts to the kernel that runs meanwhile, here to the kernel "
        "that it is for. Energy is estimated. Array: multiply-accumulates over those of a full one while the kernel "
        "holds it, and how much of its columns x rows holds weights."
    )
    whole, energy = advice.figures.cold_cycles, sum(advice.energy_pj().values())
    rows = [_layer_row(layer, whole, energy) for layer in advice.layers if _is_shown(advice, layer)]
    rows += _others_row([layer for layer in advice.layers if not _is_shown(advice, layer)], whole, energy)
    path = ("kernel", "critical cycles", "of the time", "waits for", "warm")
    columns = (*path, "busy", "busy with", "µJ", "of the energy", "warm, µJ")
    optional = ("bytes moved", "array", "of it filled")
    return text + table((*columns, *optional), rows, optional=optional, label="What bounds each kernel")


def _others_row(layers: Sequence[LayerCost], whole: int, energy: float) -> list[tuple[str | Cell, ...]]:
    """All that have no row of their own together, so that the columns sum to the whole; none where there are none."""
    if not layers:
        return []
    cycles, warm = sum(layer.cycles for layer in layers), sum(layer.warm_cycles for layer in layers)
    total_pj, warm_pj = sum(layer.total_pj for layer in layers), sum(layer.warm_pj for layer in layers)
    moved, busy = sum(layer.external_bytes for layer in layers), sum(layer.busy_cycles for layer in layers)
    return [
        (
            Cell(text=f"{count_things(len(layers), 'other')}", title=", ".join(layer.label for layer in layers)),
            number(cycles, f"{cycles:,}"),
            share_cell(cycles, whole),
            "",
            number(warm, f"{warm:,}"),
            number(busy, f"{busy:,}"),
            "",
            number(total_pj, significant(total_pj / 1e6)),
            share_cell(total_pj, energy),
            number(warm_pj, significant(warm_pj / 1e6)),
            number(moved, f"{moved:,}"),
            "",
            "",
        )
    ]


def _is_shown(advice: AdviceRecord, layer: LayerCost) -> bool:
    energy = sum(advice.energy_pj().values())
    parts = (layer.cycles / advice.figures.cold_cycles, layer.warm_cycles / advice.figures.warm_cycles)
    return max(*parts, layer.total_pj / energy) >= _LEAST_ROW


def _layer_row(layer: LayerCost, whole: int, energy: float) -> tuple[str | Cell, ...]:
    use = layer.array
    return (
        Cell(text=REST if layer.name == REST else layer.label, title=", ".join(layer.operators)),
        number(layer.cycles, f"{layer.cycles:,}"),
        share_cell(layer.cycles, whole),
        _words(layer.path_bound),
        number(layer.warm_cycles, f"{layer.warm_cycles:,}"),
        number(layer.busy_cycles, f"{layer.busy_cycles:,}"),
        _words(layer.busy_bound),
        number(layer.total_pj, significant(layer.total_pj / 1e6)),
        share_cell(layer.total_pj, energy),
        number(layer.warm_pj, significant(layer.warm_pj / 1e6)),
        number(layer.external_bytes, f"{layer.external_bytes:,}"),
        "" if use is None else number(use.macs, percent(use.macs, 0)),
        "" if use is None else f"{percent(use.columns, 0)} x {percent(use.rows, 0)}",
    )


def _words(bound: Bound | None) -> str:
    return "" if bound is None else bound.value


def _help(advice: AdviceRecord) -> str:
    if not advice.simulated:
        return paragraph(NO_NETWORK) + _items((warm_sentence(advice),))
    named = (*advice.remedies, *advice.networks, *advice.savings)
    intro = how(
        f"{advice.simulated} changes were compiled and simulated, each as its command repeats it{_place(advice)}; "
        f"those are here that lower a figure by more than {percent(LEAST_GAIN, 0)}, also where they cost more than "
        "they gain, and all chips of the catalogue. Time is simulated, energy, area and price are estimated. The order "
        "is by what a change gains for what it costs: time x energy x area, or price where that grows more. A clock "
        "never exceeds the fastest that is estimated for the changed chip."
    )
    parts = [intro, _items((warm_sentence(advice),))]
    if not named:
        parts.append(paragraph(nothing_helps(advice)))
    together = () if advice.together is None else (advice.together,)
    smaller = () if advice.smaller is None else (advice.smaller,)
    parts.append(_remedy_table(advice, (*advice.remedies, *together), "Changes of the chip"))
    parts.append(_titled(advice, "Other numbers of channels", (*advice.networks, *advice.room), _CHANNELS))
    parts.append(_titled(advice, "What of the chip may go", (*advice.savings, *smaller), _SAVINGS))
    parts.append(_titled(advice, "Other chips of the catalogue", advice.chips, ""))
    return "".join(parts)


_CHANNELS = (
    f"Cycles and joules are those of a network with such layers, compiled and simulated; {UNTRAINED}. Where there is "
    "room, more channels fill places of the array that are empty now: they cost next to nothing here."
)
_SAVINGS = f"Without it neither time nor energy, cold or warm, grows by more than {percent(LEAST_GAIN, 0)}."


def _titled(advice: AdviceRecord, heading: str, remedies: Sequence[Remedy], text: str) -> str:
    if not remedies:
        return ""
    return f"<h3>{escape(heading)}</h3>{how(text) if text else ''}{_remedy_table(advice, remedies, heading)}"


def _remedy_table(advice: AdviceRecord, remedies: Sequence[Remedy], label: str) -> str:
    if not remedies:
        return ""
    columns = ("change", "time, cold", "warm", "energy, cold", "warm", "core area", "price", "clock")
    rows = [_remedy_row(advice, remedy) for remedy in remedies]
    return f'<div class="changes">{mark_code(table(columns, rows, label=label, narrow="stack"))}</div>'


def _place(advice: AdviceRecord) -> str:
    """Where commands are to be given that name files without their folder, as a run's page does."""
    return "" if "/" in advice.subject.model or not advice.subject.model else ", in the folder of these files"


def _remedy_row(advice: AdviceRecord, remedy: Remedy) -> tuple[Cell, ...]:
    texts = figure_texts(advice.figures, remedy.after)
    said = "; ".join(filter(None, (capitalise(title(remedy)), *notes(advice, remedy))))
    lead = "Together: " if remedy in (advice.together, advice.smaller) else ""
    commands = filter(None, (command(advice, remedy), training_command(advice, remedy)))
    return (
        Cell(text=f"{lead}{said}" + "".join(f" `{words}`" for words in commands)),
        *(Cell(text=_unbroken(text), label=label) for label, text in texts.items()),
    )


def _unbroken(text: str) -> str:
    """A figure whose number and unit stay on a line."""
    return re.sub(r"(?<=\d) (?=[%µmUM])|(?<=→) ", "\u00a0", text)


SECTION = PageSection(name="advice", title="Why, and what would help", link="why, and what helps", draw=_draw)
