"""The rows of the picture of a network's graph: what each costs, which rows it reads, and the lanes of these edges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chipsmith.profile.kernels import REST
from chipsmith.profile.profile import HostStep, KernelEdge, KernelRow, Profile
from chipsmith.program.layer_names import STAGES
from chipsmith.reports.author_names import abridge, label_row, layer_of_row, name_operation
from chipsmith.reports.layers import AFTER, BEFORE, LayerRow, profile_layers

MOST_LANES = 10
"""Lanes beside the rows; edges that find none free share the outermost."""
_EDGE_NAMES = 6
"""Names of kernels in what hovering over a row says."""


@dataclass(frozen=True, kw_only=True)
class GraphRow:
    """A row of the picture: kernels, or what the host does before and after the chip (`kernels` is empty).

    `whole` is what hovering says. The costs of all rows with those of `GraphPicture.beside` sum to the record's.
    """

    label: str
    operation: str
    engine: str
    whole: str
    kernels: tuple[KernelRow, ...] = ()
    added_cycles: int = 0
    energy_pj: float = 0.0
    external_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class GraphEdge:
    """The row at `target` reads what that at `source` made; `lane` 0 leads to the next row, others pass beside.

    `spilled`: on its way it went to the external memory and back.
    """

    source: int
    target: int
    lane: int
    spilled: bool


@dataclass(frozen=True, kw_only=True)
class GraphPicture:
    """The rows from top to bottom and the edges between them.

    `beside` is what belongs to no row: cycles before the first and after the last kernel, energy and bytes of the chip
    itself. `known_edges` is False for a record of before the edges were kept.
    """

    rows: tuple[GraphRow, ...]
    edges: tuple[GraphEdge, ...]
    beside: GraphRow
    known_edges: bool

    @property
    def lanes(self) -> int:
        """How many lanes the edges take beside that of the rows themselves."""
        return max((edge.lane for edge in self.edges), default=0)


def picture_graph(profile: Profile, *, host_steps: Sequence[HostStep] = (), merged: bool = True) -> GraphPicture:
    """The picture of an inference; `merged`: small neighbours share a row where there are very many."""
    layers = profile_layers(profile) if merged else profile_layers(profile, most=len(profile.kernels))
    kernels = [layer for layer in layers if layer.kernels]
    kinds = {operator.name: operator.kind for operator in profile.operators}
    own = (_kernel_row(layer, kinds) for layer in kernels)
    rows = (_host_row(host_steps, "before"), *own, _host_row(host_steps, "after"))
    places = {kernel.name: place for place, row in enumerate(rows) for kernel in row.kernels}
    return GraphPicture(
        rows=rows,
        edges=_lay_edges(_join(profile.edges, places, last=len(rows) - 1)),
        beside=_beside(profile, layers),
        known_edges=bool(profile.edges),
    )


def _host_row(host_steps: Sequence[HostStep], when: str) -> GraphRow:
    steps = [step for step in host_steps if step.when == when]
    words = "inputs, by the host" if when == "before" else "outputs, to the host"
    whole = "\n".join(f"{step.name}: {step.reason}" for step in steps) or "as they are"
    return GraphRow(label=words, operation="host", engine="host", whole=whole)


def _kernel_row(layer: LayerRow, kinds: Mapping[str, str]) -> GraphRow:
    return GraphRow(
        label=layer.label,
        operation=abridge(_operations(kernel, kinds) for kernel in layer.kernels),
        engine=layer.engine,
        whole="\n".join(_describe(layer.kernels)),
        kernels=layer.kernels,
        added_cycles=layer.added_cycles,
        energy_pj=layer.total_pj,
        external_bytes=sum(kernel.external_bytes for kernel in layer.kernels),
    )


def _operations(kernel: KernelRow, kinds: Mapping[str, str]) -> str:
    """A kernel's main operator with what else it computes but for stages of most kernels: 'CONV2D + ADD'."""
    main = name_operation(kernel)
    others = dict.fromkeys(kinds[name] for name in kernel.operators if name in kinds)
    return " + ".join((main, *(kind for kind in others if kind != main and kind not in STAGES)))


def _describe(kernels: Sequence[KernelRow]) -> Iterable[str]:
    if len(kernels) > 1:
        yield from (f"{label_row(kernel)}: {name_operation(kernel)}" for kernel in kernels[:_EDGE_NAMES])
        if len(kernels) > _EDGE_NAMES:
            yield f"and {len(kernels) - _EDGE_NAMES} more"
        return
    (kernel,) = kernels
    yield f"{layer_of_row(kernel)}: {name_operation(kernel)} on the {kernel.kind} engine"
    fused = [source for source in kernel.sources if source != layer_of_row(kernel)]
    if fused:
        yield f"with {abridge(fused)}"
    yield f"cycles {kernel.first_start_cycle:,} to {kernel.last_end_cycle:,}, {kernel.macs:,} MACs"


def _beside(profile: Profile, layers: Iterable[LayerRow]) -> GraphRow:
    (rest,) = (row for row in profile.kernels if row.name == REST)
    outside = sum(layer.added_cycles for layer in layers if layer.label in (BEFORE, AFTER))
    return GraphRow(
        label=REST,
        operation="",
        engine="",
        whole="",
        added_cycles=outside,
        energy_pj=rest.total_pj,
        external_bytes=rest.external_bytes,
    )


# --- edges ------------------------------------------------------------------------------------------------------------


def _join(edges: Iterable[KernelEdge], places: Mapping[str, int], *, last: int) -> dict[tuple[int, int], bool]:
    """Pairs of rows, and whether something between them was spilled; what is no kernel is the host's."""
    joined: dict[tuple[int, int], bool] = {}
    for edge in edges:
        pair = places.get(edge.source, 0), places.get(edge.target, last)
        if pair[0] < pair[1]:
            joined[pair] = joined.get(pair, False) or edge.spilled
    return joined


def _lay_edges(pairs: Mapping[tuple[int, int], bool]) -> tuple[GraphEdge, ...]:
    """Edges to the next row in lane 0; all longer ones of a row share a lane that no other row has in its stretch."""
    ends: dict[int, int] = {}
    for source, target in pairs:
        if target > source + 1:
            ends[source] = max(ends.get(source, 0), target)
    free = [0] * (MOST_LANES + 1)
    lanes: dict[int, int] = {}
    for source in sorted(ends):
        lane = next((lane for lane in range(1, MOST_LANES + 1) if free[lane] <= source), MOST_LANES)
        free[lane] = max(free[lane], ends[source])
        lanes[source] = lane
    return tuple(
        GraphEdge(
            source=source,
            target=target,
            lane=0 if target == source + 1 else lanes[source],
            spilled=pairs[source, target],
        )
        for source, target in sorted(pairs)
    )
