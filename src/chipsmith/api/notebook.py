"""How a notebook shows what the verbs return: the tables of the command as HTML, pictures as figures of plotly.

`chipsmith.shown` calls both functions by name, for it stands below everything that draws.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from chipsmith.api import VERBS
from chipsmith.errors import BadInput
from chipsmith.reports.html import light_colours
from chipsmith.shown import Several

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from chipsmith.console.presentation import Presentation
    from chipsmith.reports.charts import Chart

Present = Callable[[Any], "Presentation | None"]
_MARGIN = {"l": 10, "r": 16, "t": 40, "b": 10}


def draw_tables(value: object) -> str | None:
    """What the command of a verb prints of a value that it returned, as HTML; None where no verb returns such."""
    present = _presentations().get(_form_of(value))
    shown = None if present is None else present(value)
    if shown is None:
        return None
    from chipsmith.console.blocks import collect_blocks, draw_blocks

    return draw_blocks(collect_blocks(shown.print_wide or shown.print_text))


def draw_picture(value: object, picture: str) -> Figure:
    """A picture of a value by name, the first one where `picture` is empty. Raises BadInput where there is no such."""
    from plotly.graph_objects import Figure

    from chipsmith.api.pictures import list_pictures

    charts = list_pictures(value)
    if not charts:
        raise BadInput(f"there is nothing to draw of this {type(value).__name__}")
    chart = charts.get(picture or next(iter(charts)))
    if chart is None:
        raise BadInput(f"there is no picture '{picture}' of this {type(value).__name__}: {', '.join(charts)}")
    return Figure(data=_with_colours(chart["data"]), layout=_with_look(chart))


def _with_colours(part: Any) -> Any:
    """A part of a chart with the page's light colours where it names them, as the page's script has it."""
    if isinstance(part, Mapping):
        return {name: _with_colours(value) for name, value in part.items()}
    if isinstance(part, list | tuple):
        return [_with_colours(value) for value in part]
    return light_colours().get(part, part) if isinstance(part, str) else part


def _with_look(chart: Chart) -> Mapping[str, Any]:
    """The layout with what the page's script adds, but for colours: plotly's own stand on light and dark notebooks."""
    layout = chart["layout"]
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"}
    axes = {name: {"automargin": True, **axis} for name, axis in layout.items() if re.match("[xy]axis", name)}
    return {"margin": _MARGIN, "bargap": 0.25, **layout, "legend": {**legend, **layout.get("legend", {})}, **axes}


@cache
def _presentations() -> Mapping[str, Present]:
    """How a value is shown, by the form that its verb's signature names."""
    pairs: dict[str, Present] = {}
    for verb in VERBS.values():
        for form in str(verb.function.__annotations__["return"]).strip("'").split("|"):
            pairs.setdefault(form.strip(), verb.present)
    return pairs


def _form_of(value: object) -> str:
    if type(value) is Several:
        return f"Several[{type(value[0]).__name__}]" if value else ""
    return type(value).__name__
