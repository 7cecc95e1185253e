"""Rows for the charts of a run layer by layer: what each kernel adds to the latency and to the energy."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from chipsmith.profile.kernels import REST
from chipsmith.profile.profile import KernelRow, Profile
from chipsmith.program.layer_names import label_kernel, number_of
from chipsmith.reports.author_names import abridge, abridge_sources, label_row, layer_of_row, name_operation
from chipsmith.reports.markup import escape

BEFORE = "before the first kernel"
AFTER = "after the last kernel"
SMALL = 0.01
"""A kernel below this share of the latency and of the energy is small: neighbours of this sort share a row."""
MANY = 24
"""Up to so many kernels each has a row of its own."""


@dataclass(frozen=True, kw_only=True)
class LayerRow:
    """A row of the charts: one kernel, some small ones together, or what belongs to none.

    `label` is the kernel's, such as `features.3 (k4)`, or says which are together.
    `added_cycles` is by how much it moves the end of all that came before: these sum to the latency.
    `engine` is empty for what is no kernel; `energy_pj` by component sums, over all rows, to the energy.
    """

    label: str
    engine: str
    kernels: tuple[KernelRow, ...]
    added_cycles: int
    energy_pj: dict[str, float]

    @property
    def total_pj(self) -> float:
        """Energy of the row in picojoules."""
        return math.fsum(self.energy_pj.values())

    @property
    def sources(self) -> tuple[str, ...]:
        """The author's names of the row's operators, where they are known."""
        return tuple(source for kernel in self.kernels for source in kernel.sources)


def profile_layers(profile: Profile, *, most: int = MANY) -> tuple[LayerRow, ...]:
    """The rows of a cold inference in order of their ends, kernels first started before them and REST behind.

    Where there are more than `most` kernels, small neighbours share a row.
    """
    kernels = sorted((row for row in profile.kernels if row.name != REST), key=lambda row: row.last_end_cycle)
    (rest,) = (row for row in profile.kernels if row.name == REST)
    first = min((row.first_start_cycle for row in kernels), default=profile.latency.cold_cycles)
    rows = _kernels(kernels, first)
    if len(rows) > most:
        rows = _merged(rows, profile)
    end = max((row.last_end_cycle for row in kernels), default=first)
    return (
        LayerRow(label=BEFORE, engine="", kernels=(), added_cycles=first, energy_pj={}),
        *rows,
        LayerRow(label=AFTER, engine="", kernels=(), added_cycles=profile.latency.cold_cycles - end, energy_pj={}),
        LayerRow(label=REST, engine="", kernels=(), added_cycles=0, energy_pj=rest.energy_pj),
    )


def hover_operators(row: KernelRow) -> str:
    """The author's names of a kernel and its operators, a few of many, for what hovering shows, as HTML."""
    operators = f"{name_operation(row)}: {abridge(row.operators)}" if row.operators else name_operation(row)
    return "<br>".join(escape(text) for text in (abridge_sources(row.sources), operators) if text)


def _kernels(kernels: Iterable[KernelRow], end: int) -> list[LayerRow]:
    rows = []
    for row in kernels:
        rows.append(
            LayerRow(
                label=label_row(row),
                engine=row.kind,
                kernels=(row,),
                added_cycles=max(0, row.last_end_cycle - end),
                energy_pj=row.energy_pj,
            )
        )
        end = max(end, row.last_end_cycle)
    return rows


def _merged(rows: Sequence[LayerRow], profile: Profile) -> list[LayerRow]:
    """Runs of small neighbours become one row."""
    merged: list[list[LayerRow]] = []
    for row in rows:
        if merged and _small(row, profile) and _small(merged[-1][-1], profile):
            merged[-1].append(row)
        else:
            merged.append([row])
    return [_together(run) for run in merged]


def _small(row: LayerRow, profile: Profile) -> bool:
    return row.added_cycles < SMALL * profile.latency.cold_cycles and row.total_pj < SMALL * profile.energy.total


def _label_together(numbers: str, layers: Collection[str], kernels: int) -> str:
    """Kernels of a single layer have its name: `softmax (k9 to k20)`, others their number: `k5 to k9 (5 kernels)`."""
    return label_kernel(next(iter(layers)), numbers) if len(layers) == 1 else f"{numbers} ({kernels} kernels)"


def _together(run: Sequence[LayerRow]) -> LayerRow:
    if len(run) == 1:
        return run[0]
    numbers = [number_of(row.kernels[0].name) for row in (run[0], run[-1])]
    layers = {layer_of_row(row.kernels[0]) for row in run}
    engines = {row.engine for row in run}
    components = run[0].energy_pj
    return LayerRow(
        label=_label_together(" to ".join(numbers), layers, len(run)),
        engine=engines.pop() if len(engines) == 1 else "vector",
        kernels=tuple(kernel for row in run for kernel in row.kernels),
        added_cycles=sum(row.added_cycles for row in run),
        energy_pj={name: math.fsum(row.energy_pj[name] for row in run) for name in components},
    )
