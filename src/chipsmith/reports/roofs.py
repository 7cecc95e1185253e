"""Kernels against the roofs of their chip: the array, the vector lanes and the external memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chipsmith.chip import read_chip
from chipsmith.costs import Roofline
from chipsmith.profile.kernels import REST
from chipsmith.profile.profile import KernelRow
from chipsmith.reports.author_names import label_row, name_operation
from chipsmith.reports.record import RunRecord

DEPTHWISE = "DEPTHWISE_CONV2D"
ARRAY, LANES, MEMORY = "array", "vector lanes", "external memory"
"""The roofs by name."""


@dataclass(frozen=True, kw_only=True)
class Roofs:
    """What the chip does at best: multiply-accumulates and elements a cycle, and external bytes a cycle each way.

    `working_rows` is the share of the array's rows that can work in depthwise kernels, by their names.
    """

    array: int
    lanes: int
    bytes_per_cycle: int
    working_rows: Mapping[str, float] = field(default_factory=dict)

    def flat(self, engine: str) -> int:
        """The flat roof of an engine."""
        return self.array if engine == "tensor" else self.lanes

    def flat_of(self, row: KernelRow) -> float:
        """The flat roof of a kernel: in a depthwise one that of the rows that can work."""
        return self.flat(row.kind) * self.working_rows.get(row.name, 1.0)


@dataclass(frozen=True, kw_only=True)
class KernelRoof:
    """A kernel under its roofs, in its engine's own work: multiply-accumulates, or elements of the vector lanes.

    `intensity` is work for each external byte that is moved for it, None where none is. `rate` is work a cycle of those
    that it takes of its engine or of the external channel, whichever are more: its loads may run ahead of it, and take
    their time beside another kernel. `roof` is what the lower of its roofs allows over that intensity, `side` that
    roof's name: the side of the ridge, not what the latency waits for.
    """

    row: KernelRow
    work: int
    rate: float
    intensity: float | None
    roof: float
    side: str

    @property
    def label(self) -> str:
        """What the kernel is called."""
        return label_row(self.row)

    @property
    def unit(self) -> str:
        """What its work is counted in."""
        return "MACs" if self.row.kind == "tensor" else "elements"

    @property
    def depthwise(self) -> bool:
        """Whether it is a depthwise convolution, which has no sum over channels to fill the array with."""
        return name_operation(self.row) == DEPTHWISE

    @property
    def share(self) -> float:
        """Of the roof, what it reaches, 1 at most."""
        return self.rate / self.roof


def read_roofs(record: RunRecord) -> Roofs:
    """The roofs of a record's chip."""
    roof: Roofline = record.inference.roof
    lanes = read_chip(record.chip.yaml, origin=record.chip.name).vector.lanes
    layers = () if record.advice is None else record.advice.layers
    return Roofs(
        array=roof.peak_macs_per_cycle,
        lanes=lanes,
        bytes_per_cycle=roof.external_bytes_per_cycle,
        working_rows={
            layer.name: layer.array.rows for layer in layers if layer.array is not None and layer.array.depthwise
        },
    )


def roof_points(kernels: Sequence[KernelRow], roofs: Roofs) -> tuple[KernelRoof, ...]:
    """All kernels that have a place under the roofs, in their order."""
    return tuple(_point(row, roofs) for row in _own(kernels) if not explain_missing(row))


def missing_points(kernels: Sequence[KernelRow]) -> tuple[tuple[KernelRow, str], ...]:
    """The kernels that have no place, each with the reason."""
    return tuple((row, reason) for row in _own(kernels) if (reason := explain_missing(row)))


def explain_missing(row: KernelRow) -> str:
    """Why a kernel has no place under the roofs; empty where it has one."""
    if not row.busy_cycles:
        return "it holds its engine for no cycle"
    if not _work(row):
        counted = row.kind == "tensor" or row.layer
        return "it does no work of its engine" if counted else "the record is of before its elements were counted"
    return ""


def _own(kernels: Sequence[KernelRow]) -> Iterator[KernelRow]:
    return (row for row in kernels if row.name != REST)


def _work(row: KernelRow) -> int:
    return row.macs if row.kind == "tensor" else row.elements


def _point(row: KernelRow, roofs: Roofs) -> KernelRoof:
    work, flat = _work(row), roofs.flat_of(row)
    cycles = max(row.busy_cycles, row.external_bytes / roofs.bytes_per_cycle)
    intensity = work / row.external_bytes if row.external_bytes else None
    slope = float("inf") if intensity is None else intensity * roofs.bytes_per_cycle
    engine = ARRAY if row.kind == "tensor" else LANES
    return KernelRoof(
        row=row,
        work=work,
        rate=work / cycles,
        intensity=intensity,
        roof=min(flat, slope),
        side=MEMORY if slope < flat else engine,
    )
