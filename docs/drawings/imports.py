"""The packages of chipsmith as the code's own imports arrange them."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from pathlib import Path

from drawings.svg import Box, Paint, curve, picture

Graph = Mapping[str, frozenset[str]]
"""A package or module, and those that it imports."""

WIDTH, MARGIN = 640, 20
BOX_WIDTH, BOX_HEIGHT = 118, 38
ROW_HEIGHT = 76
POINT_ROOM = 0.3
"""Room of an arrow that passes a row, in boxes."""

SWEEPS = 8


def read_imports(source: Path) -> Graph:
    """Who imports whom among the packages and modules at the top of `source`, the folder of chipsmith."""
    imports: dict[str, set[str]] = {}
    for file in sorted(source.rglob("*.py")):
        owner = file.relative_to(source).with_suffix("").parts[0]
        if owner != "__init__":
            imports.setdefault(owner, set()).update(_imported(ast.parse(file.read_text())))
    return {name: frozenset(others & imports.keys() - {name}) for name, others in sorted(imports.items())}


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "chipsmith":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and str(node.module).startswith("chipsmith."):
            yield str(node.module).split(".")[1]


def foundation(imports: Graph, source: Path) -> frozenset[str]:
    """The plain files that import nothing but one another: everything else may stand on them."""
    base: set[str] = set()
    for name in TopologicalSorter(imports).static_order():
        if (source / f"{name}.py").is_file() and imports[name] <= base:
            base.add(name)
    return frozenset(base)


def reduce_edges(imports: Graph) -> Graph:
    """Without the imports that a way over others says already."""
    reach: dict[str, frozenset[str]] = {}
    for name in TopologicalSorter(imports).static_order():
        reach[name] = imports[name].union(*(reach[other] for other in imports[name]))
    return {
        name: frozenset(other for other in others if not any(other in reach[third] for third in others))
        for name, others in imports.items()
    }


def floors(imports: Graph) -> list[list[str]]:
    """Rows from bottom to top: a package stands one above the highest that it imports."""
    height: dict[str, int] = {}
    for name in TopologicalSorter(imports).static_order():
        height[name] = 1 + max((height[other] for other in imports[name]), default=-1)
    return [sorted(name for name in height if height[name] == row) for row in range(max(height.values()) + 1)]


def _routes(rows: list[list[str]], edges: Graph) -> dict[tuple[str, str], list[str]]:
    """The stops of each arrow: its ends, and a point on every row between, which is added to that row."""
    row_of = {name: index for index, row in enumerate(rows) for name in row}
    routes = {}
    for name, other in sorted((user, used) for user, others in edges.items() for used in others):
        between = [f"{name}>{other}@{row}" for row in range(row_of[name] - 1, row_of[other], -1)]
        for stop in between:
            rows[int(stop.rpartition("@")[2])].append(stop)
        routes[name, other] = [name, *between, other]
    return routes


def _arranged(rows: list[list[str]], routes: Iterable[Sequence[str]]) -> dict[str, float]:
    """The middle of each stop, from 0 to 1: rows are sorted by where the stops above and below stand."""
    below: dict[str, list[str]] = {stop: [] for row in rows for stop in row}
    above: dict[str, list[str]] = {stop: [] for row in rows for stop in row}
    for route in routes:
        for upper, lower in itertools.pairwise(route):
            below[upper].append(lower)
            above[lower].append(upper)
    place = {stop: middle for row in rows for stop, middle in _spread(row)}
    for sweep in range(SWEEPS):
        upwards = sweep % 2 == 0
        for row in rows if upwards else rows[::-1]:
            neighbours = below if upwards else above
            wish = {stop: _mean([place[other] for other in neighbours[stop]], place[stop]) for stop in row}
            place.update(_spread(sorted(row, key=lambda stop: (wish[stop], stop))))
    return place


def _spread(row: Sequence[str]) -> Iterator[tuple[str, float]]:
    """The stops of a row with their middles: points take less room than boxes."""
    room = [POINT_ROOM if "@" in stop else 1.0 for stop in row]
    for index, stop in enumerate(row):
        yield stop, (sum(room[:index]) + room[index] / 2) / sum(room)


def _mean(values: list[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def draw_imports(source: Path) -> str:
    """The picture: an arrow from each package to those it imports, highest packages at the top."""
    imports = read_imports(source)
    base = foundation(imports, source)
    upper = {name: others - base for name, others in imports.items() if name not in base}
    rows = floors(upper)
    routes = _routes(rows, reduce_edges(upper))
    place = _arranged(rows, routes.values())
    boxes = {
        stop: _box(stop, place[stop], MARGIN + ROW_HEIGHT * (len(rows) - 1 - index), source)
        for index, row in enumerate(rows)
        for stop in row
    }
    arrows = [curve([_ends(boxes[stop]) for stop in route]) for route in routes.values()]
    ground = Box(
        x=MARGIN,
        y=MARGIN + ROW_HEIGHT * len(rows) - 10,
        width=WIDTH - 2 * MARGIN,
        height=BOX_HEIGHT + 24,
        title="for all of them",
        lines=[", ".join(sorted(base))],
        paint=Paint.PLAIN,
    )
    drawn = [*arrows, *(boxes[name].draw() for name in sorted(upper)), ground.draw()]
    height = ground.bottom + MARGIN
    return picture(WIDTH, height, title="Packages of chipsmith; an arrow leads to what is imported", pieces=drawn)


def import_table(source: Path) -> str:
    """A table in Markdown, from the highest package to the lowest: what it says of itself, and what it imports."""
    imports = read_imports(source)
    base = foundation(imports, source)
    order = [name for row in floors(imports) for name in row]
    head = ["| package | what it is | imports |", "|---|---|---|"]
    rows = [f"| `{name}` | {_says(source, name)} | {_listed(imports[name] - base)} |" for name in reversed(order)]
    return "\n".join([*head, *rows])


def _says(source: Path, name: str) -> str:
    """The first line of its docstring."""
    folder, file = source / name / "__init__.py", source / f"{name}.py"
    words = ast.get_docstring(ast.parse((folder if folder.is_file() else file).read_text())) or ""
    return words.partition("\n")[0].removesuffix(".")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _box(name: str, place: float, y: float, source: Path) -> Box:
    paint = Paint.NOUN if (source / name).is_dir() else Paint.INPUT
    x = MARGIN + place * (WIDTH - 2 * MARGIN) - BOX_WIDTH / 2
    return Box(x=x, y=y, width=BOX_WIDTH, height=BOX_HEIGHT, title=name, paint=paint)


def _ends(box: Box) -> tuple[float, float, float]:
    """Where an arrow passes a stop: its middle, its upper and its lower edge."""
    return box.middle[0], box.y, box.bottom
