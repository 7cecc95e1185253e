"""Rows of Chipsmith's own chips: each network compiled, simulated to the cycle, priced with the band of its sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import prod

import numpy as np

from chipsmith.chip import Chip
from chipsmith.compiler.network import compile_network
from chipsmith.costs.energy_band import energy_band
from chipsmith.costs.peak import OPERATIONS_PER_MAC
from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.profile.measure import quick_profile
from chipsmith.profile.profile import Evidence, Totals
from chipsmith.program.actions import count_program
from chipsmith.program.program import Port, Program
from chipsmith.systems.boundaries import CHIP_BOUNDARY
from chipsmith.systems.comparison import Collected, MachineRoof, NetworkSize, RoofPoint, join
from chipsmith.systems.computer_rows import NamedNetwork
from chipsmith.systems.row import MAKER, Generation, LeftOut, SystemRow
from chipsmith.targets import Precision

CHIPS = ("nano-64", "edge-256", "edge-1024")
"""The chips that every network is compiled for."""


def simulate_chips(networks: Iterable[NamedNetwork], chips: Sequence[Chip]) -> Collected:
    """A row for each network on each chip, a roof for each chip."""
    roofs = Collected(roofs=tuple(map(chip_roof, chips)))
    return join([roofs, *(_simulate(named, chip) for named in networks for chip in chips)])


def _simulate(named: NamedNetwork, chip: Chip) -> Collected:
    network = named.network
    try:
        program = compile_network(network.graph, chip, operator_names=network.operator_names)
    except (BadInput, OperatorRefused) as refusal:
        return Collected(left_out=(LeftOut(what=f"{named.name}: {chip.name}", reason=str(refusal)),))
    totals = quick_profile(program)
    return Collected(rows=(chip_row(named.name, chip, totals),), points=(_point(named.name, program, totals),))


def chip_row(network: str, chip: Chip, totals: Totals) -> SystemRow:
    """A cold inference on a chip: its time is simulated, its energy an estimate."""
    low, high = energy_band(totals.energy.by_component())
    latency = totals.latency
    return SystemRow(
        network=network,
        organisation=MAKER,
        system=chip.name,
        generation=Generation.DEDICATED,
        how=Evidence.SIMULATED,
        latency_us=latency.cold_us,
        energy_uj=totals.energy_uj,
        energy_band_uj=(low / 1e6, high / 1e6),
        energy_how=Evidence.ESTIMATED,
        boundary=CHIP_BOUNDARY,
        boundary_source="docs/machine.md, docs/estimates.md",
        source=f"{latency.cold_cycles:,} cycles by cycle simulation of the Program, over {chip.clock_mhz:g} MHz; "
        "energy: actions counted x joules of each, band from how far the sources lie apart (docs/estimates.md)",
        hardware=f"{chip.tensor.rows} x {chip.tensor.columns} multipliers, {chip.memory_bytes // 1024} KiB, "
        f"{chip.technology.node_nm:g} nm, {chip.clock_mhz:g} MHz",
        software="Program of chipsmith compile",
        precision=Precision.INT8,
        grouped_by="a chip that is described here, for networks alone",
    )


def chip_roof(chip: Chip) -> MachineRoof:
    """What the array does at best, and what the external memory gives in each direction."""
    return MachineRoof(
        machine=chip.name,
        precision=Precision.INT8,
        operations_per_s=OPERATIONS_PER_MAC * chip.macs * chip.clock_hz,
        bytes_per_s=chip.external.bytes_per_cycle * chip.clock_hz,
        measured=False,
        obtained=f"{chip.macs} multipliers and {chip.external.bytes_per_cycle} bytes a cycle at {chip.clock_mhz:g} MHz",
    )


def _point(network: str, program: Program, totals: Totals) -> RoofPoint:
    operations = OPERATIONS_PER_MAC * count_program(program).mac_int8
    return RoofPoint(
        machine=program.chip.name,
        precision=Precision.INT8,
        network=network,
        operations_per_s=operations / totals.latency.cold_us * 1e6,
        operations_per_byte=operations / totals.external_bytes,
    )


def network_size(named: NamedNetwork, chip: Chip) -> NetworkSize | None:
    """What an inference of a network asks for; None where `chip`, by whose Program it is counted, refuses it."""
    network = named.network
    try:
        program = compile_network(network.graph, chip)
    except (BadInput, OperatorRefused):
        return None
    ports = (*program.manifest.inputs, *program.manifest.outputs)
    return NetworkSize(
        network=named.name,
        operations=OPERATIONS_PER_MAC * count_program(program).mac_int8,
        bytes_moved=program.manifest.weight_bytes + sum(map(_port_bytes, ports)),
    )


def _port_bytes(port: Port) -> int:
    return prod(port.shape) * np.dtype(port.dtype).itemsize


def computer_points(rows: Iterable[SystemRow], sizes: Iterable[NetworkSize], machine: str) -> Iterator[RoofPoint]:
    """Where measured rows of this computer stand under its roof: the bytes are what an inference moves at least."""
    by_name = {size.network: size for size in sizes}
    for row in rows:
        size = by_name.get(row.network)
        if size is not None and row.latency_us:
            scale = 1 if row.precision == Precision.INT8 else 4
            yield RoofPoint(
                machine=machine,
                precision=row.precision,
                network=row.network,
                operations_per_s=size.operations / row.latency_us * 1e6,
                operations_per_byte=size.operations / (scale * size.bytes_moved),
            )
