"""Boxes, arrows and words as SVG: what the pictures of the documentation are put together from.

Lengths are in the picture's own units, which are pixels where it is shown at full size. Every function returns a piece
of SVG text; `picture` makes a file of the pieces.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from html import escape
from itertools import pairwise

Point = tuple[float, float]

FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"
INK, SOFT_INK = "#1f2933", "#52606d"
TEXT_SIZE, SMALL_SIZE = 16, 14
LINE_HEIGHT = 19


class Paint(Enum):
    """What a box stands for: its fill and its edge."""

    NOUN = ("#e3f0fb", "#2f6fab")
    INPUT = ("#fdf3d7", "#b7862c")
    ENGINE = ("#e2f3e6", "#3a8a52")
    WITNESS = ("#f6e8f4", "#9a4f8e")
    PLAIN = ("#f5f7fa", "#9aa5b1")
    WAIT = ("#ffffff", "#cbd2d9")


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle with a title and smaller lines below it, centred."""

    x: float
    y: float
    width: float
    height: float
    title: str = ""
    lines: Sequence[str] = ()
    paint: Paint = Paint.NOUN
    dashed: bool = False
    top: bool = False
    """The words stand at the upper edge: the box holds others."""

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    @property
    def middle(self) -> Point:
        """Its centre."""
        return self.x + self.width / 2, self.y + self.height / 2

    def draw(self) -> str:
        """The rectangle and its words."""
        fill, edge = self.paint.value
        dash = ' stroke-dasharray="5 4"' if self.dashed else ""
        frame = (
            f'<rect x="{self.x:g}" y="{self.y:g}" width="{self.width:g}" height="{self.height:g}" rx="6" '
            f'fill="{fill}" stroke="{edge}" stroke-width="1.5"{dash}/>'
        )
        return "\n".join((frame, *self._words()))

    def _words(self) -> Iterable[str]:
        words = [(self.title, TEXT_SIZE, True)] if self.title else []
        words += [(line, SMALL_SIZE, False) for line in self.lines]
        middle, centre = self.middle
        first = self.y + LINE_HEIGHT if self.top else centre - LINE_HEIGHT * (len(words) - 1) / 2 + 5
        for index, (word, size, bold) in enumerate(words):
            yield text(word, (middle, first + LINE_HEIGHT * index), size=size, bold=bold)


def text(
    words: str, place: Point, *, size: int = TEXT_SIZE, bold: bool = False, anchor: str = "middle", ink: str = INK
) -> str:
    """A line of words; `place` is its baseline's middle, start or end, as `anchor` says."""
    weight = ' font-weight="600"' if bold else ""
    x, y = place
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}" fill="{ink}"{weight}>'
        f"{escape(words)}</text>"
    )


def arrow(
    *points: Point, label: str = "", place: Point | None = None, anchor: str = "middle", dashed: bool = False
) -> str:
    """A line through the points with its head at the last one; `label` stands at the point `place`."""
    path = " ".join(f"{'L' if index else 'M'}{x:g},{y:g}" for index, (x, y) in enumerate(points))
    return _stroke(path, dashed=dashed) + (
        "\n" + text(label, place, size=SMALL_SIZE, anchor=anchor, ink=SOFT_INK) if place else ""
    )


def curve(stops: Sequence[tuple[float, float, float]]) -> str:
    """An arrow from the lower edge of the first stop to the upper edge of the last, upright through those between.

    A stop is the middle of something, its upper and its lower edge.
    """
    first, *_ = stops
    path = f"M{first[0]:g},{first[2]:g}"
    for (x0, _, y0), (x1, y1, lower) in pairwise(stops):
        bend = (y1 - y0) / 2
        path += f" C{x0:g},{y0 + bend:g} {x1:g},{y1 - bend:g} {x1:g},{y1:g}"
        path += f" V{lower:g}" if (x1, y1, lower) != stops[-1] else ""
    return _stroke(path)


def _stroke(path: str, *, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<path d="{path}" fill="none" stroke="{SOFT_INK}" stroke-width="1.5" marker-end="url(#head)"{dash}/>'


def picture(width: float, height: float, *, title: str, pieces: Iterable[str]) -> str:
    """A whole SVG file on a white ground, for pages of any colour; `title` is read where it cannot be seen."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img" font-family="{FONT}">\n'
        f"<title>{escape(title)}</title>\n"
        '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
        f'orient="auto-start-reverse"><path d="M0,0 L10,5 L0,10 z" fill="{SOFT_INK}"/></marker></defs>\n'
        f'<rect width="{width:g}" height="{height:g}" rx="8" fill="#ffffff"/>'
    )
    return "\n".join((head, *pieces, "</svg>", ""))
