"""Rows as text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from doors.results import Row


def describe_row(row: Row) -> str:
    """A line for a network."""
    figures = "exact" if row.sqnr_db is None else f"{row.sqnr_db:.1f} dB"
    if row.same_strings is not None:
        figures += f", {row.same_strings:.0%} of the strings"
    if row.rival_sqnr_db is not None:
        figures += f" (onnxruntime's int8: {row.rival_sqnr_db:.1f})"
    seconds = "" if row.lowering_cpu_s is None else f", {row.lowering_cpu_s:.1f} CPU-s"
    result = f"WRONG, {row.wrong}" if row.wrong else figures if row.whole else f"refused, {row.refusal}"
    return f"{row.group} {row.file} ({row.door}): {f'excluded, {row.excluded}' if row.excluded else result}{seconds}"


def summarise(rows: Iterable[Row]) -> str:
    """A line for each group: how many are right, wrong and refused."""
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.group].append(row)
    return "\n".join(f"{group}: {_count(members)}" for group, members in groups.items())


def _count(rows: list[Row]) -> str:
    wrong = sum(row.wrong is not None for row in rows)
    whole = sum(row.whole for row in rows)
    excluded = sum(row.excluded is not None for row in rows)
    return f"{whole - wrong} right, {wrong} wrong, {len(rows) - whole - excluded} refused, {excluded} excluded"
