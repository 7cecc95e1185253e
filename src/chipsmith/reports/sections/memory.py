"""The buffers of the on-chip memory by address and cycle, and the bytes in use."""

from __future__ import annotations

from collections.abc import Sequence

from chipsmith.profile.profile import BufferRole, MemorySpan, Profile
from chipsmith.program.layer_names import LayerNames
from chipsmith.reports.author_names import label_part
from chipsmith.reports.charts import BLUE, GOLD, GREEN, GREY, PURPLE, Chart, Trace, chart
from chipsmith.reports.markup import escape, how, paragraph, plot
from chipsmith.reports.record import RunRecord
from chipsmith.reports.sections.section import Drawing, PageSection

_COLOURS = {
    BufferRole.ACTIVATION: BLUE,
    BufferRole.CONSTANT: PURPLE,
    BufferRole.INPUT: GREEN,
    BufferRole.OUTPUT: GOLD,
}


def _draw(record: RunRecord) -> Drawing:
    profile, memory_bytes = record.inference, record.chip.memory_bytes
    peak = f"At most {profile.memory_peak_bytes:,} of {memory_bytes:,} bytes are in use at once in a cold inference."
    html = (
        paragraph(peak + _resident(profile))
        + how(
            "A rectangle is a buffer: its bytes from bottom to top, from the start of its first use to the end of its "
            "last, where weights that stay are kept beyond it. Below, the bytes of all buffers that are in use."
        )
        + plot("memory", "Buffers by address and cycle, and the bytes in use")
    )
    return Drawing(html=html, charts={"memory": _chart(profile, memory_bytes)})


def _resident(profile: Profile) -> str:
    if not profile.resident:
        return ""
    count = len(profile.resident)
    return (
        f" {count} {'block' if count == 1 else 'blocks'} of weights, {profile.resident_bytes:,} bytes, stay for the "
        f"next inference: with them at most {profile.resident_peak_bytes:,} bytes are taken."
    )


def _chart(profile: Profile, memory_bytes: int) -> Chart:
    names = LayerNames(profile.operators)
    bars = [
        _buffers(role, colour, spans, names)
        for role, colour in _COLOURS.items()
        if (spans := [span for span in profile.memory if span.role == role])
    ]
    return chart(
        [*bars, _use(profile)],
        height=560,
        x_title="cycle",
        y_title="address in KiB",
        x_axis={"range": [0, profile.latency.cold_cycles], "anchor": "y2"},
        y_axis={"range": [0, memory_bytes / 1024], "domain": [0.36, 1]},
        layout={
            "yaxis2": {"title": {"text": "KiB in use"}, "rangemode": "tozero", "domain": [0, 0.26]},
            "barmode": "overlay",
        },
    )


def _buffers(role: BufferRole, colour: str, spans: Sequence[MemorySpan], names: LayerNames) -> Trace:
    return {
        "type": "bar",
        "orientation": "h",
        "name": role,
        "base": [span.first_cycle for span in spans],
        "x": [span.last_cycle - span.first_cycle for span in spans],
        "y": [(span.address + span.size_bytes / 2) / 1024 for span in spans],
        "width": [span.size_bytes / 1024 for span in spans],
        "marker": {"color": f"{colour}a0", "line": {"width": 1, "color": colour}},
        "customdata": [
            [escape(label_part(names, span.name)), span.size_bytes, span.address, span.first_cycle, span.last_cycle]
            for span in spans
        ],
        "hovertemplate": "<b>%{customdata[0]}</b><br>%{customdata[1]:,} bytes at %{customdata[2]:,}<br>"
        "cycles %{customdata[3]:,} to %{customdata[4]:,}<extra></extra>",
    }


def _use(profile: Profile) -> Trace:
    steps = [(0, 0), *profile.memory_use]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "in use",
        "showlegend": False,
        "yaxis": "y2",
        "line": {"shape": "hv", "color": GREY, "width": 2},
        "fill": "tozeroy",
        "x": [cycle for cycle, _ in steps],
        "y": [used / 1024 for _, used in steps],
        "hovertemplate": "cycle %{x:,}: %{y:.1f} KiB<extra></extra>",
    }


SECTION = PageSection(name="memory", title="On-chip memory over time", link="memory", draw=_draw)
