"""Short reprs for the results of a chip's hardware.

Long measurements are kept under a hash of the files of `chipsmith.hardware` and `chipsmith.costs`, and of
`chipsmith.witness.power`, which therefore say nothing of how their values look.
"""

from __future__ import annotations

from chipsmith.costs.energy import EnergyEstimate, EnergyLine
from chipsmith.hardware.gates.cells import Arc, CellLibrary, CellOutput, GateKind, PinTiming
from chipsmith.hardware.gates.circuit import GateCircuit, PlacedCells, PlacedMemory, Scope
from chipsmith.hardware.gates.elaborate import Elaborated
from chipsmith.hardware.gates.flow import MappedNetlist
from chipsmith.hardware.gates.inference import GateMachine, GateRun
from chipsmith.hardware.gates.liberty import LibertyTable
from chipsmith.hardware.gates.library import StandardCells
from chipsmith.hardware.gates.macros import MacroChoice, SramMacro
from chipsmith.hardware.gates.memory_timing import MacroTiming, MemoryTiming, TimingTable
from chipsmith.hardware.gates.modules import ModuleArea
from chipsmith.hardware.gates.pricing import ClockTree, KindPrices, Pricing
from chipsmith.hardware.gates.timing import GateTiming, TimedPath
from chipsmith.hardware.gates.wires import Loads
from chipsmith.hardware.lint import Lint
from chipsmith.hardware.memories import RtlMemory
from chipsmith.hardware.result import RtlResult
from chipsmith.hardware.synthesis import Synthesis
from chipsmith.shown import adopt
from chipsmith.units import signed_percent
from chipsmith.witness.power import BlockEnergy, PowerResult, PowerSettings

_PLAIN = (
    *(Arc, CellLibrary, CellOutput, ClockTree, Elaborated, EnergyLine, GateCircuit, GateKind, GateMachine, GateRun),
    *(KindPrices, Lint, Loads, MacroTiming, MemoryTiming, ModuleArea, PinTiming, PlacedCells, PlacedMemory, Pricing),
    *(LibertyTable, MacroChoice, RtlMemory, Scope, SramMacro, StandardCells, TimedPath, TimingTable),
    *(BlockEnergy, PowerSettings),
)
"""What is shown by its fields."""


def adopt_hardware() -> None:
    """Give these classes short reprs; to do it again changes nothing."""
    for kind in _PLAIN:
        adopt(kind)
    adopt(EnergyEstimate, _describe_energy)
    adopt(GateTiming, _describe_timing)
    adopt(MappedNetlist, _describe_netlist)
    adopt(PowerResult, _describe_power)
    adopt(RtlResult, _describe_rtl)
    adopt(Synthesis, _describe_synthesis)


def _describe_energy(energy: EnergyEstimate) -> str:
    return f"{energy.total_pj / 1e6:.3g} µJ in {len(energy.lines)} lines (estimated)"


def _describe_power(result: PowerResult) -> str:
    name = f"{result.program.manifest.network} at the gates of {result.program.chip.name}"
    error = "" if result.error is None else f"; estimate {signed_percent(result.error)}"
    told = result.difference or "bits and cycles agree"
    return f"{name}: {result.total_pj / 1e3:,.1f} nJ of {result.scope} (simulated){error}; {told}"


def _describe_timing(timing: GateTiming) -> str:
    clock = f"{timing.path_ns:.2f} ns, {timing.fo4:.1f} FO4, {timing.max_clock_mhz:.0f} MHz at {timing.cells.corner}"
    return f"{timing.netlist.top}: {clock} (gates, before layout); {len(timing.paths)} paths"


def _describe_netlist(netlist: MappedNetlist) -> str:
    return f"{netlist.top}: {netlist.cells:,} cells in {len(netlist.modules)} modules; {netlist.verilog_path}"


def _describe_rtl(result: RtlResult) -> str:
    lint = f"; {result.failure or 'no front end has anything against it'}" if result.lints else ""
    return f"{result.chip.name}: {len(result.memories)} kinds of memories, {len(result.files)} files written{lint}"


def _describe_synthesis(synthesis: Synthesis) -> str:
    return f"{synthesis.chip}: {synthesis.cells:,} cells, {synthesis.area_um2:,.0f} µm²"
