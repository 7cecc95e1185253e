"""Single kernels with their default sizes on the chips of the catalogue: a table, and a picture of their roofs."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache

from chipsmith.chip import load_chip
from chipsmith.compiler.network import compile_network
from chipsmith.kernels.build import build_kernel
from chipsmith.kernels.catalogue import KERNEL_KINDS
from chipsmith.profile.roofline import RoofPlace, place_under_roof
from chipsmith.sim.cycle import simulate
from drawings.svg import SMALL_SIZE, SOFT_INK, Point, picture, text

CHIPS: Mapping[str, str] = {"nano-64": "#b7862c", "edge-256": "#2f6fab", "edge-1024": "#3a8a52"}
"""The chips of the picture and their colours."""
_LISTED = ("nano-64", "edge-256")
"""Those of the table."""
_NAMED = "edge-256"
"""The chip whose points bear names."""

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 660, 440, 60, 20, 20, 50
X_DECADES, Y_DECADES = (-1, 3), (-1, 3.2)
"""Powers of ten that the axes show."""


@cache
def _places(kind: str, chip: str) -> tuple[RoofPlace, RoofPlace]:
    """A kernel of default size on a chip, cold and warm."""
    network = build_kernel(KERNEL_KINDS[kind], {}).network
    program = compile_network(network.graph, load_chip(chip), operator_names=network.operator_names)
    return tuple(place_under_roof(program, simulate(program, warm=warm), warm=warm) for warm in (False, True))


def figures_table() -> str:
    """Cycles, the array's use and what limits each kernel, warm, as a table in Markdown."""
    heads = [f"`{chip}` {title} |" for chip in _LISTED for title in ("cycles, cold / warm", "array", "limited by")]
    lines = [f"| kernel | MACs | {' '.join(heads)}", "|---|---|" + "---|" * len(heads)]
    return "\n".join([*lines, *map(_row, KERNEL_KINDS)])


def _row(kind: str) -> str:
    cells = [cell for chip in _LISTED for cell in _cells(*_places(kind, chip))]
    macs = _places(kind, _LISTED[0])[0].macs
    return f"| `{kind}` | {macs:,} | {' | '.join(cells)} |"


def _cells(cold: RoofPlace, warm: RoofPlace) -> Sequence[str]:
    used = f"{warm.utilisation:.0%}".replace("%", " %") if warm.macs else ""
    return f"{cold.cycles:,} / {warm.cycles:,}", used, f"{warm.limit}, {warm.busy_share:.0%}".replace("%", " %")


def draw_kernels() -> str:
    """The roof of each chip, and each kernel that multiplies under it, warm."""
    pieces = [*_axes(), *(piece for chip, colour in CHIPS.items() for piece in _draw_chip(chip, colour))]
    return picture(WIDTH, HEIGHT, title="Kernels of default size under the roofs of three chips, warm", pieces=pieces)


def _x(macs_per_byte: float) -> float:
    low, high = X_DECADES
    return LEFT + (WIDTH - LEFT - RIGHT) * (math.log10(macs_per_byte) - low) / (high - low)


def _y(macs_per_cycle: float) -> float:
    low, high = Y_DECADES
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (math.log10(macs_per_cycle) - low) / (high - low)


def _axes() -> Iterator[str]:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    for power in range(X_DECADES[0], X_DECADES[1] + 1):
        yield _line((_x(10**power), TOP), (_x(10**power), bottom), "#e4e7eb")
        yield text(f"{10**power:g}", (_x(10**power), bottom + 18), size=SMALL_SIZE, ink=SOFT_INK)
    for power in range(int(Y_DECADES[0]), int(Y_DECADES[1]) + 1):
        yield _line((LEFT, _y(10**power)), (right, _y(10**power)), "#e4e7eb")
        yield text(f"{10**power:g}", (LEFT - 8, _y(10**power) + 5), size=SMALL_SIZE, anchor="end", ink=SOFT_INK)
    yield text("MACs an external byte", ((LEFT + right) / 2, HEIGHT - 10), size=SMALL_SIZE)
    yield text("MACs a cycle", (LEFT + 8, TOP + 14), size=SMALL_SIZE, anchor="start")


def _draw_chip(chip: str, colour: str) -> Iterator[str]:
    """The roof, its name on it, and a named point for each kernel."""
    places = {kind: _places(kind, chip)[1] for kind in KERNEL_KINDS if _places(kind, chip)[1].macs}
    roof = next(iter(places.values())).roof
    low, high = 10 ** X_DECADES[0], 10 ** X_DECADES[1]
    corners = [
        (_x(intensity), _y(roof.attainable_macs_per_cycle(intensity))) for intensity in (low, roof.ridge_macs_per_byte)
    ]
    end = (_x(high), _y(roof.peak_macs_per_cycle))
    yield _line(corners[0], corners[1], colour)
    yield _line(corners[1], end, colour)
    yield text(chip, (end[0] - 4, end[1] - 6), size=SMALL_SIZE, anchor="end", ink=colour, bold=True)
    points = {kind: (_x(place.macs_per_byte), _y(place.achieved_macs_per_cycle)) for kind, place in places.items()}
    for kind, centre in points.items():
        circle = f'<circle cx="{centre[0]:.1f}" cy="{centre[1]:.1f}" r="4.5" fill="{colour}">'
        yield f"{circle}<title>{kind}</title></circle>"
        if chip == _NAMED:
            yield _name(kind, centre, points.values())


def _name(kind: str, centre: Point, points: Collection[Point]) -> str:
    """A point's name behind it, or before it where another point stands close behind."""
    x, y = centre
    crowded = any(0 < other_x - x < 60 and abs(other_y - y) < 14 for other_x, other_y in points)
    place = (x - 7, y + 4) if crowded else (x + 7, y + 4)
    return text(kind, place, size=12, anchor="end" if crowded else "start", ink=SOFT_INK)


def _line(start: tuple[float, float], end: tuple[float, float], colour: str) -> str:
    return (
        f'<path d="M{start[0]:.1f},{start[1]:.1f} L{end[0]:.1f},{end[1]:.1f}" stroke="{colour}" stroke-width="1.5" '
        'fill="none"/>'
    )
