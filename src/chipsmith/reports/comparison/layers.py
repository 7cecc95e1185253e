"""The layers of several runs side by side, matched by the names that the network's author gave to them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from chipsmith.profile.kernels import REST
from chipsmith.profile.profile import KernelRow, Profile
from chipsmith.program.layer_names import shorten_layer
from chipsmith.reports.author_names import abridge, layer_of_row
from chipsmith.reports.comparison.result import LayerComparison, LayerFigures

OUTSIDE = "before, between and after the kernels"
"""What belongs to no kernel: time before the first and after the last, and the energy of the chip as a whole."""


@dataclass(frozen=True, kw_only=True)
class _KernelCost:
    """A kernel of a run with the cycles by which it moves the end of all that came before."""

    row: KernelRow
    cycles: int
    names: tuple[str, ...]
    """The author's names of what it computes, its own layer's first; those of its operators where none is known."""


def compare_layers(profiles: Sequence[Profile | None]) -> tuple[LayerComparison, ...]:
    """The layers in the order of the first run, then those that only later ones have; a run without a chip has none.

    What one run computes in one kernel and another in several is one row: all that they have in common. The cycles of
    a run sum to its latency, and the energies to its energy.
    """
    costs = [[] if profile is None else list(_kernel_costs(profile)) for profile in profiles]
    groups = _group_names([cost.names for run in costs for cost in run])
    rows = [_row(group, costs) for group in groups]
    outside = tuple(
        None if profile is None else _outside(profile, run) for profile, run in zip(profiles, costs, strict=True)
    )
    return (*rows, LayerComparison(name=OUTSIDE, figures=outside)) if rows else ()


def _kernel_costs(profile: Profile) -> Iterator[_KernelCost]:
    kernels = sorted((row for row in profile.kernels if row.name != REST), key=lambda row: row.last_end_cycle)
    mains = {layer_of_row(row) for row in kernels}
    end = min((row.first_start_cycle for row in kernels), default=0)
    for row in kernels:
        yield _KernelCost(row=row, cycles=max(0, row.last_end_cycle - end), names=_names(row, mains))
        end = max(end, row.last_end_cycle)


def _names(row: KernelRow, mains: Collection[str]) -> tuple[str, ...]:
    """Without those that are layers of other kernels, such as of one whose scale is already changed to in this."""
    layer = layer_of_row(row)
    names = row.sources or row.operators or (row.name,)
    return tuple(dict.fromkeys((layer, *(name for name in names if name not in mains))))


def _group_names(names: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Names that stand together in a kernel of any run, in the order in which they come up."""
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        leader.setdefault(name, name)
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for first, *others in names:
        for other in (first, *others):
            leader[find(other)] = find(first)
    groups: dict[str, dict[str, None]] = {}
    for name in (name for row in names for name in row):
        groups.setdefault(find(name), {})[name] = None
    return [tuple(group) for group in groups.values()]


def _row(group: tuple[str, ...], costs: Sequence[Sequence[_KernelCost]]) -> LayerComparison:
    """The kernels of a group in each run, under the layers of their main operators: `dense1`, not `dense1, relu`."""
    members = set(group)
    kernels = [[cost for cost in run if cost.names[0] in members] for run in costs]
    layers = dict.fromkeys(shorten_layer(layer_of_row(cost.row)) for run in kernels for cost in run)
    return LayerComparison(name=abridge(layers), figures=tuple(map(_figures, kernels)))


def _figures(costs: Sequence[_KernelCost]) -> LayerFigures | None:
    if not costs:
        return None
    return LayerFigures(
        cycles=sum(cost.cycles for cost in costs),
        energy_pj=sum(cost.row.total_pj for cost in costs),
        macs=sum(cost.row.macs for cost in costs),
        kernels=tuple(cost.row.name.partition(":")[0] for cost in costs),
    )


def _outside(profile: Profile, costs: Sequence[_KernelCost]) -> LayerFigures:
    return LayerFigures(
        cycles=profile.latency.cold_cycles - sum(cost.cycles for cost in costs),
        energy_pj=profile.energy.total - sum(cost.row.total_pj for cost in costs),
        macs=0,
        kernels=(),
    )
