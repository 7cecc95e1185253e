"""Rows of networks in portable C: timed on this computer, counted in instructions on emulated cores."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chipsmith.chip import Chip
from chipsmith.errors import BadInput, ChipsmithError
from chipsmith.profile.profile import Evidence
from chipsmith.runtimes.processor import Processor
from chipsmith.runtimes.threads import describe_threads
from chipsmith.systems.boundaries import C_BOUNDARY, EMULATED_BOUNDARY
from chipsmith.systems.comparison import Collected, join
from chipsmith.systems.computer_rows import (
    HERE,
    NamedNetwork,
    describe_timing,
    draw_inference,
    list_missing,
    prepare_timed,
    time_inferences,
)
from chipsmith.systems.row import Generation, LeftOut, SystemRow
from chipsmith.targets import CountedNetwork, Precision, Target, TargetOptions, load_target

TARGET = "c"
BOARDS = ("mps2-an386", "mps2-an500", "riscv32-virt")
"""The emulated boards that every network is counted on."""
_SOFTWARE = "C of chipsmith deploy"


def measure_c(networks: Iterable[NamedNetwork], chip: Chip, processor: Processor) -> Collected:
    """The networks in C on this computer, one thread."""
    target = load_target(TARGET, chip)
    return _collect(networks, target, "C", lambda named: _time(named, target, processor))


def count_c(networks: Iterable[NamedNetwork], chip: Chip) -> Collected:
    """The networks in C on each emulated board, in instructions."""
    networks = tuple(networks)
    return join(_count_on(networks, load_target(TARGET, chip, TargetOptions(board=board)), board) for board in BOARDS)


def _count_on(networks: Iterable[NamedNetwork], target: Target, board: str) -> Collected:
    return _collect(networks, target, f"C on {board}", lambda named: _count(named, target))


def _collect(
    networks: Iterable[NamedNetwork], target: Target, label: str, make_row: Callable[[NamedNetwork], SystemRow]
) -> Collected:
    missing = list_missing(target, label)
    if missing:
        return Collected(left_out=missing)
    return join(_try_row(named, label, make_row) for named in networks)


def _try_row(named: NamedNetwork, label: str, make_row: Callable[[NamedNetwork], SystemRow]) -> Collected:
    try:
        return Collected(rows=(make_row(named),))
    except ChipsmithError as refusal:
        return Collected(left_out=(LeftOut(what=f"{named.name}: {label}", reason=str(refusal)),))


def _time(named: NamedNetwork, target: Target, processor: Processor) -> SystemRow:
    latency = time_inferences(prepare_timed(target, named.network), draw_inference(named.network))
    return SystemRow(
        network=named.name,
        organisation=HERE,
        system=f"C, {Precision.INT8}, {describe_threads(1)}",
        generation=Generation.ONE_CORE,
        how=Evidence.MEASURED,
        latency_us=latency.p50_us,
        p99_us=latency.p99_us,
        boundary=C_BOUNDARY,
        boundary_source="docs/c.md",
        source=describe_timing(target.obtained, latency),
        hardware=str(processor),
        software=_SOFTWARE,
        precision=Precision.INT8,
        threads=1,
        grouped_by=f"{describe_threads(1)} of a general-purpose processor",
    )


def _count(named: NamedNetwork, target: Target) -> SystemRow:
    prepared = target.prepare(named.network)
    if not isinstance(prepared, CountedNetwork):
        raise BadInput(f"target {target.name} does not count instructions")
    count = prepared.count(*draw_inference(named.network))
    return SystemRow(
        network=named.name,
        organisation="emulated",
        system=f"{count.board}, C, {Precision.INT8}",
        generation=Generation.ONE_CORE,
        how=Evidence.SIMULATED,
        instructions=count.most_instructions,
        boundary=EMULATED_BOUNDARY,
        boundary_source="docs/c.md",
        source=f"{target.obtained}, built by {count.compiler}; flash {count.flash_bytes:,} bytes, "
        f"RAM {count.ram_bytes:,} bytes",
        hardware=count.core,
        software=_SOFTWARE,
        precision=Precision.INT8,
        threads=1,
        grouped_by="an emulated microcontroller of one core",
    )
