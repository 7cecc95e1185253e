"""The network's graph as a picture: a row a kernel, what each costs, and who reads what of whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chipsmith.profile.profile import HostStep, Profile
from chipsmith.reports.author_names import shorten
from chipsmith.reports.charts import BLUE, GOLD, GREY, ORANGE, PURPLE
from chipsmith.reports.graph_rows import GraphEdge, GraphPicture, GraphRow, picture_graph
from chipsmith.reports.headline import significant
from chipsmith.reports.markup import details, escape, how, paragraph
from chipsmith.reports.record import RunRecord
from chipsmith.reports.sections.section import Drawing, PageSection

MOST_ROWS = 400
"""Kernels that are drawn one by one below the picture with small ones together."""
_ROW, _TOP, _LANE, _MARGIN = 54, 4, 11, 10
"""Pixels: height of a row, above the first, between lanes, from a lane or row to the picture's edge."""
_NODE = 20
"""Pixels from a row's top to its circle."""
_COLOURS = {"tensor": BLUE, "vector": ORANGE, "host": GREY}
_BARS = ((BLUE, "cycles"), (GOLD, "energy"), (PURPLE, "bytes"))
_COLUMN, _STEP = 31, 34.5
"""Percent of the width: a bar at most, and from one to the next."""
_WIDE, _NARROW = 60, 22
"""Letters of a label in a wide and in a narrow window."""


def _draw(record: RunRecord) -> Drawing:
    return draw_graph(record.inference, network=record.network, host_steps=record.host_steps)


def draw_graph(profile: Profile, *, network: str, host_steps: Sequence[HostStep]) -> Drawing:
    """The picture of a network's graph, what each kernel costs beside it: for every page that has an inference."""
    picture = picture_graph(profile, host_steps=host_steps)
    kernels = sum(len(row.kernels) for row in picture.rows)
    together = any(len(row.kernels) > 1 for row in picture.rows)
    html = (
        how(
            "From top to bottom, in the order in which they end: kernels, each under the name of its layer, with the "
            "cycles that it adds to the latency (simulated), its energy (estimated) and the external bytes that are "
            "moved for it (simulated). Cycles added are not those of the critical path, by which “Why” tells what "
            "makes an inference shorter: both sum to the latency. A bar is the share in the whole. A line leads from "
            "a kernel to one that reads what it wrote; a line beside the rows passes kernels by, as a residual "
            "connection does; a dashed one went through the external memory."
            + (" Small neighbours share a row." if together else "")
        )
        + _legend()
        + _figure(picture, profile, label=f"The graph of {network}")
        + paragraph(_rest(picture, profile), kind="how")
    )
    if not picture.known_edges:
        html += paragraph("This record is of before it was kept who reads what of whom: the lines are missing.")
    if together:
        html += _every_kernel(profile, host_steps, kernels)
    return Drawing(html=html)


def _every_kernel(profile: Profile, host_steps: Sequence[HostStep], kernels: int) -> str:
    if kernels > MOST_ROWS:
        return paragraph(f"{kernels:,} kernels are too many to draw one by one: the tables of kernels list them.")
    whole = picture_graph(profile, host_steps=host_steps, merged=False)
    return details(f"All {kernels} kernels one by one", _figure(whole, profile, label="Every kernel"))


def _rest(picture: GraphPicture, profile: Profile) -> str:
    beside = picture.beside
    return (
        f"Beside the rows: {beside.added_cycles:,} cycles before the first kernel and after the last, "
        f"{significant(beside.energy_pj / 1e6)} µJ and {beside.external_bytes:,} bytes of the chip itself "
        f"(instructions, countdowns, leakage). With them all rows are the {profile.latency.cold_cycles:,} cycles, "
        f"{significant(profile.energy.total / 1e6)} µJ and {profile.external_bytes:,} external bytes of an inference."
    )


def _legend() -> str:
    engines = "".join(
        f'<span><i class="dot" style="background:{colour}"></i>{name}</span>'
        for name, colour in (("tensor engine", BLUE), ("vector engine", ORANGE), ("host", GREY))
    )
    bars = "".join(
        f'<span><i class="bar" style="background:{colour}"></i>{name}</span>'
        for colour, name in zip((BLUE, GOLD, PURPLE), ("cycles added", "energy", "external bytes"), strict=True)
    )
    return f'<p class="graph-legend">{engines}{bars}</p>'


# --- the picture ------------------------------------------------------------------------------------------------------


def _figure(picture: GraphPicture, profile: Profile, *, label: str) -> str:
    """Two drawings side by side: lines and circles, which keep their width, and texts with bars, which take the rest.

    In a narrow window the second keeps its letters' size and shows shorter labels. A row is no tab stop, for there is
    nothing to do at it: a screen reader goes through the list, and the tables have the same figures.
    """
    height, width = _TOP + _ROW * len(picture.rows), 2 * _MARGIN + _LANE * picture.lanes
    lines = "".join(_edge(edge, picture, width) for edge in picture.edges)
    circles = "".join(_circle(place, row, width) for place, row in enumerate(picture.rows))
    nodes = "".join(_node(place, row, profile) for place, row in enumerate(picture.rows))
    return (
        f'<div class="graph" role="group" aria-label="{escape(label)}">'
        f'<svg class="lines" width="{width}" height="{height}" aria-hidden="true">{lines}{circles}</svg>'
        f'<svg class="nodes" width="100%" height="{height}" role="list">{nodes}</svg></div>'
    )


def _edge(edge: GraphEdge, picture: GraphPicture, width: int) -> str:
    start, end = (_TOP + _ROW * place + _NODE for place in (edge.source, edge.target))
    x = width - _MARGIN
    if edge.lane == 0:
        path = f"M{x} {start}V{end}"
    else:
        beside, bend = x - _LANE * edge.lane, _ROW // 3
        path = (
            f"M{x} {start}C{x} {start + bend} {beside} {start} {beside} {start + bend}"
            f"V{end - bend}C{beside} {end} {x} {end - bend} {x} {end}"
        )
    kind = "edge spilled" if edge.spilled else "edge"
    way = " (through the external memory)" if edge.spilled else ""
    title = f"{picture.rows[edge.source].label} to {picture.rows[edge.target].label}{way}"
    return f'<path class="{kind}" d="{path}"><title>{escape(title)}</title></path>'


def _circle(place: int, row: GraphRow, width: int) -> str:
    y = _TOP + _ROW * place + _NODE
    return f'<circle cx="{width - _MARGIN}" cy="{y}" r="6" fill="{_COLOURS[row.engine]}"/>'


def _node(place: int, row: GraphRow, profile: Profile) -> str:
    y = _TOP + _ROW * place
    costs = tuple(_costs(row, profile)) if row.kernels else ()
    said = "\n".join(
        (row.label, row.whole, *(f"{name}: {text}, {_percent(share)} of all" for name, text, share in costs))
    )
    host = () if row.kernels else tuple(_host_text(row, y))
    aria = escape(said.replace("\n", "; "))
    parts = (
        f"<title>{escape(said)}</title>",
        f'<rect class="back" x="0" y="{y}" width="100%" height="{_ROW - 4}" rx="4"/>',
        f'<text class="label wide" x="6" y="{y + 17}">{escape(_cut(row, _WIDE))}</text>',
        f'<text class="label narrow" x="6" y="{y + 17}">{escape(_cut(row, _NARROW))}</text>',
        f'<text class="kind" x="99%" y="{y + 17}">{escape(_kind(row))}</text>',
        *_bars(costs, y),
        *host,
    )
    return f'<g class="node" role="listitem" aria-label="{aria}">{"".join(parts)}</g>'


def _host_text(row: GraphRow, y: int) -> Iterator[str]:
    """What the host does, on a line."""
    said = row.whole.replace("\n", "; ")
    for kind, letters in (("wide", 2 * _WIDE), ("narrow", 2 * _NARROW)):
        text = said if len(said) <= letters else f"{said[: letters - 1]}…"
        yield f'<text class="step {kind}" x="6" y="{y + 37}">{escape(text)}</text>'


def _cut(row: GraphRow, letters: int) -> str:
    """The label in so many letters: of a layer's the end, which tells layers apart, of the host's the beginning."""
    if row.kernels or len(row.label) <= letters:
        return shorten(row.label, letters)
    return f"{row.label[: letters - 1]}…"


def _kind(row: GraphRow) -> str:
    return shorten(row.operation, _NARROW) if len(row.kernels) < 2 else f"{len(row.kernels)} kernels"


def _costs(row: GraphRow, profile: Profile) -> Iterator[tuple[str, str, float]]:
    """Name, text and share of the inference's of each cost."""
    yield "cycles added", f"{row.added_cycles:,} cycles", row.added_cycles / max(profile.latency.cold_cycles, 1)
    yield "energy", f"{significant(row.energy_pj / 1e6)} µJ", row.energy_pj / (profile.energy.total or 1)
    yield "external bytes", f"{row.external_bytes:,} B", row.external_bytes / max(profile.external_bytes, 1)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _bars(costs: Sequence[tuple[str, str, float]], y: int) -> Iterator[str]:
    for index, ((colour, kind), (_, text, share)) in enumerate(zip(_BARS, costs, strict=False)):
        x = index * _STEP
        yield (
            f'<svg x="{x:g}%" y="{y + 22}" width="{_COLUMN}%" height="24" class="cost {kind}">'
            f'<text x="6" y="13">{escape(text)}<tspan class="share wide" dx="6">{_percent(share)}</tspan></text>'
            f'<rect class="track" x="6" y="18" width="92%" height="4" rx="2"/>'
            f'<rect x="6" y="18" width="{92 * min(share, 1):.2f}%" height="4" rx="2" fill="{colour}"/></svg>'
        )


SECTION = PageSection(name="graph", title="The network’s graph", link="graph", draw=_draw)
