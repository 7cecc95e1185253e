"""The engines over time, and what the sequencer waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chipsmith.profile.profile import InstructionRow, Profile
from chipsmith.program.layer_names import LayerNames
from chipsmith.reports.author_names import label_part, label_row
from chipsmith.reports.charts import ENGINE_COLOURS, GREY, Chart, Trace, chart
from chipsmith.reports.headline import percent, significant
from chipsmith.reports.markup import escape, how, paragraph, plot
from chipsmith.reports.record import RunRecord
from chipsmith.reports.sections.section import Drawing, PageSection
from chipsmith.sim.cycle import DOORBELL

INSTRUCTIONS_SHOWN = 2000
"""A timeline with more instructions is left to trace.json."""
_LIGHT_GREY = "#a9afb8"


def _draw(record: RunRecord) -> Drawing:
    count = len(record.inference.instructions)
    html = paragraph(_busy(record.inference)) + how(
        "A bar is an instruction, as long as it holds its engine; shades change with the kernel. Waits are those of "
        "the sequencer, which starts instructions in order: hover to see for what. trace.json holds the same for the "
        "Perfetto viewer, where one can zoom."
    )
    if count > INSTRUCTIONS_SHOWN:
        text = f"{count:,} instructions are too many for this page: open trace.json in the Perfetto viewer."
        return Drawing(html=html + paragraph(text))
    chart = _chart(record.inference, record.chip.clock_mhz)
    return Drawing(html=html + plot("timeline", "Instructions of each engine by cycle"), charts={"timeline": chart})


def _busy(profile: Profile) -> str:
    shares = ", ".join(
        f"{row.name} {percent(row.busy_cycles / max(1, profile.latency.cold_cycles), 1)}"
        for row in profile.latency.engines
    )
    count = sum(row.index != DOORBELL for row in profile.instructions)
    return f"{count:,} instructions. Share of the latency in which an engine is held: {shares}."


def _chart(profile: Profile, clock_mhz: int) -> Chart:
    rows = profile.instructions
    engines = [name for name in ("tensor", "vector", "load", "store") if any(row.engine == name for row in rows)]
    labels = _labels(profile)
    bars = [_engine_bars(name, [row for row in rows if row.engine == name], labels, clock_mhz) for name in engines]
    return chart(
        [*bars, _wait_bars([row for row in rows if row.wait_cycles])],
        height=300,
        x_title="cycle",
        y_title="",
        x_axis={"range": [0, profile.latency.cold_cycles]},
        y_axis={"type": "category", "categoryarray": ["waits", *reversed(engines)], "ticksuffix": " "},
        layout={"barmode": "overlay", "showlegend": False},
    )


def _labels(profile: Profile) -> dict[str, str]:
    """What instructions are called, by their names: after their kernel, or with the layer of what they transfer."""
    kernels = {row.name: label_row(row) for row in profile.kernels}
    names = LayerNames(profile.operators)
    return {row.name: kernels.get(row.name) or label_part(names, row.name) for row in profile.instructions}


def _engine_bars(engine: str, rows: Sequence[InstructionRow], labels: Mapping[str, str], clock_mhz: int) -> Trace:
    turns = _alternation([row.name for row in rows])
    return {
        "type": "bar",
        "orientation": "h",
        "base": [row.start_cycle for row in rows],
        "x": [row.engine_end_cycle - row.start_cycle for row in rows],
        "y": [engine] * len(rows),
        "marker": {"color": ENGINE_COLOURS[engine], "opacity": [0.95 if turn else 0.6 for turn in turns]},
        "customdata": [
            [escape(labels[row.name]), _title(row), _cycles(row, clock_mhz), escape(row.wait_reason)] for row in rows
        ],
        "hovertemplate": "<b>%{customdata[0]}</b><br>%{customdata[1]}<br>cycles %{customdata[2]}<br>"
        "decided by %{customdata[3]}<extra></extra>",
    }


def _wait_bars(rows: Sequence[InstructionRow]) -> Trace:
    return {
        "type": "bar",
        "orientation": "h",
        "base": [row.start_cycle - row.wait_cycles for row in rows],
        "x": [row.wait_cycles for row in rows],
        "y": ["waits"] * len(rows),
        "marker": {
            "color": [GREY if index % 2 else _LIGHT_GREY for index in range(len(rows))],
            "line": {"color": GREY, "width": 1},
        },
        "customdata": [[row.index, row.wait_cycles, escape(row.wait_reason)] for row in rows],
        "hovertemplate": "instruction %{customdata[0]} waits %{customdata[1]:,} cycles<br>for %{customdata[2]}"
        "<extra></extra>",
    }


def _cycles(row: InstructionRow, clock_mhz: int) -> str:
    held_us = (row.engine_end_cycle - row.start_cycle) / clock_mhz
    return f"{row.start_cycle:,} to {row.engine_end_cycle:,} ({significant(held_us)} µs)"


def _title(row: InstructionRow) -> str:
    return row.opcode if row.index == DOORBELL else f"instruction {row.index}, {row.opcode}"


def _alternation(names: Sequence[str]) -> list[bool]:
    """Changes with every change of name, so that neighbours can be told apart."""
    turn, turns, last = False, [], None
    for name in names:
        turn = turn if name == last else not turn
        last = name
        turns.append(turn)
    return turns


SECTION = PageSection(name="timeline", title="Engines over time", link="timeline", draw=_draw)
