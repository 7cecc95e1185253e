"""The pictures of the page: latency against energy, rooflines, and a curve over threads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import ceil, floor, log10

from chipsmith.profile.profile import Evidence
from chipsmith.reports.charts import (
    BLUE,
    GOLD,
    GREEN,
    GREY,
    LOGARITHMIC,
    ORANGE,
    PINK,
    PURPLE,
    Chart,
    Trace,
    chart,
    error_bars,
)
from chipsmith.reports.headline import significant
from chipsmith.reports.markup import escape, how, paragraph, plot, section
from chipsmith.reports.sections.section import Drawing
from chipsmith.systems.comparison import Comparison, MachineRoof, RoofPoint
from chipsmith.systems.row import Generation, SystemRow
from chipsmith.systems.texts import PageTexts

COLOURS: Mapping[Generation, str] = {
    Generation.ONE_CORE: BLUE,
    Generation.MANY_CORES: GREEN,
    Generation.GPU: PURPLE,
    Generation.DEDICATED: ORANGE,
    Generation.QUANTUM: PINK,
}
SYMBOLS: Mapping[Evidence, str] = {
    Evidence.MEASURED: "circle",
    Evidence.SIMULATED: "diamond",
    Evidence.ESTIMATED: "triangle-up",
    Evidence.PUBLISHED: "square-open",
}
"""Of a point, by how its time was obtained."""
_LINES = (GREY, BLUE, ORANGE, GREEN, PURPLE, PINK, GOLD)
_HEIGHT = 400


def draw_pictures(comparison: Comparison, texts: PageTexts) -> Drawing:
    """The section with all pictures that the rows give."""
    parts = (_latency_energy(comparison, texts), _rooflines(comparison, texts), _cores(comparison, texts))
    html = "".join(part.html for part in parts)
    charts = {name: drawn for part in parts for name, drawn in part.charts.items()}
    return Drawing(html=section("pictures", texts.headings.pictures, html), charts=charts)


def _latency_energy(comparison: Comparison, texts: PageTexts) -> Drawing:
    charts = {
        f"latency-energy-{index}": (network, _latency_energy_chart(rows, texts))
        for index, network in enumerate(comparison.networks)
        if (rows := [row for row in comparison.rows if row.network == network and row.latency_us and row.energy_uj])
    }
    if not charts:
        return Drawing(html="", charts={})
    words = texts.pictures
    plots = "".join(
        f"<div><h3>{escape(texts.name_network(network))}</h3>{plot(name, f'{words.latency_energy}: {network}')}</div>"
        for name, (network, _) in charts.items()
    )
    html = f"<h3>{escape(words.latency_energy)}</h3>{how(words.latency_energy_caption)}{_keys(comparison, texts)}"
    return Drawing(
        html=f'{html}<div class="charts">{plots}</div>', charts={name: drawn for name, (_, drawn) in charts.items()}
    )


def _keys(comparison: Comparison, texts: PageTexts) -> str:
    """What colours and forms of points mean."""
    drawn = [row for row in comparison.rows if row.latency_us and row.energy_uj]
    generations = [item for item in Generation if any(row.generation is item for row in drawn)]
    colours = "".join(
        f'<li><span class="mark" style="background:{COLOURS[item]}"></span>{escape(texts.generations[item])}</li>'
        for item in generations
    )
    glyphs = {Evidence.MEASURED: "●", Evidence.SIMULATED: "◆", Evidence.ESTIMATED: "▲", Evidence.PUBLISHED: "□"}
    kinds = dict.fromkeys(row.how for row in drawn)
    forms = "".join(f"<li>{glyphs[kind]} {escape(texts.evidence[kind])}</li>" for kind in kinds)
    return f'<ul class="keys">{colours}{forms}</ul>'


def _latency_energy_chart(rows: Sequence[SystemRow], texts: PageTexts) -> Chart:
    words = texts.pictures
    points = [
        _points(own, texts)
        for generation in Generation
        for banded in (False, True)
        if (own := [row for row in rows if row.generation is generation and bool(row.energy_band_uj) is banded])
    ]
    return chart(
        [*_products(rows, texts), *points],
        height=_HEIGHT,
        x_title=words.latency_axis,
        y_title=words.energy_axis,
        x_axis=LOGARITHMIC,
        y_axis=LOGARITHMIC,
        layout={"showlegend": False, "hovermode": "closest"},
    )


def _points(rows: Sequence[SystemRow], texts: PageTexts) -> Trace:
    """Points of one generation, all with a band of energies or all without."""
    energies, generation = [row.energy_uj or 0.0 for row in rows], rows[0].generation
    return {
        "type": "scatter",
        "mode": "markers",
        "name": texts.generations[generation],
        "x": [row.latency_us for row in rows],
        "y": energies,
        **_bands(rows),
        "marker": {"color": COLOURS[generation], "size": 9, "symbol": [SYMBOLS[row.how] for row in rows]},
        "hovertext": [_hover(row, texts) for row in rows],
        "hoverinfo": "text",
    }


def _bands(rows: Sequence[SystemRow]) -> Trace:
    bands = [row.energy_band_uj for row in rows if row.energy_band_uj]
    if not bands:
        return {}
    energies = [row.energy_uj or 0.0 for row in rows if row.energy_band_uj]
    low, high = zip(*bands, strict=True)
    return {"error_y": error_bars(energies, low, high, colour=COLOURS[rows[0].generation], width=1)}


def _hover(row: SystemRow, texts: PageTexts) -> str:
    energy = f"{significant(row.energy_uj or 0)} µJ, {texts.evidence[row.energy_evidence]}"
    return (
        f"<b>{escape(texts.name_system(row))}</b><br>{escape(row.edition)}<br>"
        f"{significant(row.latency_us or 0)} µs, {texts.evidence[row.how]}<br>{energy}"
    )


def _products(rows: Sequence[SystemRow], texts: PageTexts) -> list[Trace]:
    """Lines of equal latency times energy, one for each power of a hundred that the points span."""
    products = [(row.latency_us or 1) * (row.energy_uj or 1) for row in rows]
    latencies = [row.latency_us or 1 for row in rows]
    low, high = min(latencies) / 2, max(latencies) * 2
    powers = range(2 * floor(log10(min(products)) / 2), 2 * ceil(log10(max(products)) / 2) + 1, 2)
    return [_product(10.0**power, low, high, rows, texts) for power in powers]


def _product(product: float, low: float, high: float, rows: Sequence[SystemRow], texts: PageTexts) -> Trace:
    """The part of a line that lies among the points."""
    energies = [row.energy_uj or 1 for row in rows]
    left = max(low, product / (2 * max(energies)))
    right = min(high, product / (min(energies) / 2))
    drawn = [left, right] if left < right else []
    label = texts.pictures.equal_product.format(product=_power_of_ten(round(log10(product))))
    return {
        "type": "scatter",
        "mode": "lines+text",
        "name": label,
        "x": drawn,
        "y": [product / latency for latency in drawn],
        "text": [label, ""],
        "textposition": "top right",
        "textfont": {"size": 10, "color": GREY},
        "line": {"color": GREY, "width": 1, "dash": "dot"},
        "hoverinfo": "name",
    }


def _power_of_ten(power: int) -> str:
    return f"10{str(power).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def _rooflines(comparison: Comparison, texts: PageTexts) -> Drawing:
    roofs, points = comparison.collected.roofs, comparison.collected.points
    if not roofs:
        return Drawing(html="", charts={})
    words = texts.pictures
    notes = "".join(
        paragraph(
            texts.notes.rooflines.format(
                machine=texts.phrase(roof.machine), precision=roof.precision, obtained=roof.obtained
            )
            + f" ({texts.evidence[Evidence.MEASURED if roof.measured else Evidence.SIMULATED]})",
            kind="how",
        )
        for roof in roofs
    )
    html = f"<h3>{escape(words.roofline)}</h3>{how(words.roofline_caption)}{plot('roofline', words.roofline)}{notes}"
    return Drawing(html=html, charts={"roofline": _roofline_chart(roofs, points, texts)})


def _roofline_chart(roofs: Sequence[MachineRoof], points: Sequence[RoofPoint], texts: PageTexts) -> Chart:
    traces: list[Trace] = []
    for index, roof in enumerate(roofs):
        colour = _LINES[index % len(_LINES)]
        own = [point for point in points if (point.machine, point.precision) == (roof.machine, roof.precision)]
        traces.append(_roof_line(roof, [point.operations_per_byte for point in points], colour, texts))
        if own:
            traces.append(_roof_points(own, colour, texts))
    return chart(
        traces,
        height=_HEIGHT + 40,
        x_title=texts.pictures.intensity_axis,
        y_title=texts.pictures.performance_axis,
        x_axis=LOGARITHMIC,
        y_axis={**LOGARITHMIC, "exponentformat": "SI"},
    )


def _roof_line(roof: MachineRoof, intensities: Sequence[float], colour: str, texts: PageTexts) -> Trace:
    ridge = roof.operations_per_s / roof.bytes_per_s
    low, high = min([*intensities, ridge]) / 2, max([*intensities, ridge]) * 2
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"{texts.phrase(roof.machine)}, {roof.precision}",
        "x": [low, ridge, high],
        "y": [low * roof.bytes_per_s, roof.operations_per_s, roof.operations_per_s],
        "line": {"color": colour, "width": 2, "dash": "solid" if roof.measured else "dash"},
        "hoverinfo": "name",
    }


def _roof_points(points: Sequence[RoofPoint], colour: str, texts: PageTexts) -> Trace:
    return {
        "type": "scatter",
        "mode": "markers",
        "showlegend": False,
        "name": points[0].machine,
        "x": [point.operations_per_byte for point in points],
        "y": [point.operations_per_s for point in points],
        "marker": {"color": colour, "size": 9},
        "hovertext": [
            f"<b>{escape(texts.name_network(point.network))}</b><br>"
            f"{escape(texts.phrase(point.machine))}, {point.precision}<br>"
            f"{point.operations_per_s / 1e9:.3g} G/s"
            for point in points
        ],
        "hoverinfo": "text",
    }


def _cores(comparison: Comparison, texts: PageTexts) -> Drawing:
    curves = thread_curves(comparison.rows)
    if not curves:
        return Drawing(html="", charts={})
    words = texts.pictures
    html = f"<h3>{escape(words.cores)}</h3>{how(words.cores_caption)}{plot('cores', words.cores)}"
    return Drawing(html=html, charts={"cores": _cores_chart(curves, texts)})


def thread_curves(rows: Iterable[SystemRow]) -> list[list[SystemRow]]:
    """Rows that differ in threads alone, rising, of the fastest library of each network and precision; two and more."""
    series: dict[tuple[str, str, str, str], list[SystemRow]] = {}
    for row in rows:
        if row.threads is not None and row.latency_us:
            series.setdefault((row.organisation, row.network, row.precision, row.software), []).append(row)
    best: dict[tuple[str, str, str], list[SystemRow]] = {}
    for (organisation, network, precision, _), members in series.items():
        key = (organisation, network, precision)
        if len(members) > 1 and (key not in best or _fastest(members) < _fastest(best[key])):
            best[key] = sorted(members, key=lambda row: row.threads or 0)
    return list(best.values())


def _fastest(rows: Iterable[SystemRow]) -> float:
    return min(row.latency_us or 0 for row in rows)


def _name_curve(row: SystemRow, texts: PageTexts) -> str:
    network = texts.name_network(row.network)
    return f"{texts.phrase(row.organisation)}{texts.colon}{network}, {row.software} {row.precision}"


def _cores_chart(curves: Sequence[Sequence[SystemRow]], texts: PageTexts) -> Chart:
    most = max(row.threads or 1 for rows in curves for row in rows)
    ideal = {
        "type": "scatter",
        "mode": "lines",
        "name": texts.pictures.ideal,
        "x": [1, most],
        "y": [1, most],
        "line": {"color": GREY, "dash": "dot", "width": 1},
    }
    lines = [_curve(_name_curve(rows[0], texts), rows, _LINES[1:][index % 6]) for index, rows in enumerate(curves)]
    return chart(
        [ideal, *lines],
        height=_HEIGHT,
        x_title=texts.pictures.cores_axis,
        y_title=texts.pictures.speedup_axis,
        x_axis={"dtick": 1} if most <= 8 else {},
        y_axis={"rangemode": "tozero"},
    )


def _curve(name: str, rows: Sequence[SystemRow], colour: str) -> Trace:
    first = rows[0].latency_us or 1
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [row.threads for row in rows],
        "y": [first / (row.latency_us or 1) for row in rows],
        "line": {"color": colour, "dash": "solid" if rows[0].precision == "int8" else "dash"},
        "hovertext": [f"{escape(name)}, {row.threads}: {significant(row.latency_us or 0)} µs" for row in rows],
        "hoverinfo": "text",
    }
