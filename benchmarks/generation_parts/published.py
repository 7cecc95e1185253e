"""How many published systems the page of the generations has, of how many networks, and whether each cell is traced."""

from __future__ import annotations

import re

from chipsmith.flow.generation_networks import DEFAULT_NETWORKS
from chipsmith.systems.published_rows import load_published
from chipsmith.systems.row import SystemRow

COMMIT = re.compile(r"@[0-9a-f]{7,40}\b")
"""A source names a repository with its commit."""


def measure() -> dict[str, object]:
    tables = load_published()
    return {
        "published_systems": len(tables.systems),
        "published_rows": len(tables.rows),
        "published_networks": sorted({row.network for row in tables.rows}),
        "networks": list(DEFAULT_NETWORKS),
        "cells": sum(len(figures(row)) for row in tables.rows),
        "untraced_cells": [name for row in tables.rows for name in untraced(row)],
        "other_tasks": sum(tables.other_tasks.values()),
    }


def figures(row: SystemRow) -> list[float]:
    return [figure for figure in (row.latency_us, row.energy_uj) if figure is not None]


def untraced(row: SystemRow) -> list[str]:
    """The row, once for each figure whose source names no commit or whose boundary is empty."""
    traced = COMMIT.search(row.source) and row.boundary
    return [] if traced else [f"{row.full_name}, {row.network}"] * len(figures(row))
