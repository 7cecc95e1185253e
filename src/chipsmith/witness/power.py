"""The energy of an inference at the gates, beside the chip's estimate of the same inference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chipsmith.chip import Chip, override_chip
from chipsmith.costs import EnergyEstimate, estimate_energy
from chipsmith.costs.energy import EXTERNAL_MEMORY
from chipsmith.errors import BadInput
from chipsmith.hardware.gates.blocks import BLOCKS, MachineBlock
from chipsmith.hardware.gates.cells import CellLibrary, read_cells
from chipsmith.hardware.gates.circuit import read_circuit
from chipsmith.hardware.gates.flow import TOP, map_to_gates
from chipsmith.hardware.gates.inference import GateMachine, GateRun, prepare_machine, run_inference
from chipsmith.hardware.gates.macros import read_macros
from chipsmith.hardware.gates.pricing import TreeRule
from chipsmith.hardware.gates.simulator import CLOCK, LOGIC, MEMORY, REGISTERS
from chipsmith.hardware.gates.wires import WireRule
from chipsmith.hardware.package import ERROR_TEXTS, Error
from chipsmith.program.actions import count_program
from chipsmith.program.program import Program
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.sim.cycle import Timeline, simulate
from chipsmith.sim.functional import execute
from chipsmith.tosa.graph import Array
from chipsmith.witness.bits import count_mismatching_bits
from chipsmith.witness.power_shares import Segments, cut_segments, split_by_kernel

Floats = npt.NDArray[np.float64]

SPARE_CYCLES = 1000
"""Cycles beyond the simulated latency after which the gates are given up."""

_LEAKAGE = "leakage"


@dataclass(frozen=True, kw_only=True)
class PowerSettings:
    """How an inference is measured: at what clock (for leakage alone), how many cycles (None: all), by which rules.

    `glitch_samples`: cycles that are simulated with delays too.
    """

    clock_mhz: float = 100.0
    window_cycles: int | None = None
    glitch_samples: int = 200
    wires: WireRule = field(default_factory=WireRule)
    tree: TreeRule = field(default_factory=TreeRule)


@dataclass(frozen=True, kw_only=True)
class BlockEnergy:
    """Picojoules of a block: gates and nets with zero delay, what glitches add to them, outputs of flip-flops, clock
    pins, accesses of memories, leakage. `glitch_factor`: energy of the gates with delays over that without."""

    logic_pj: float
    glitches_pj: float
    registers_pj: float
    clock_pj: float
    memory_pj: float
    leakage_pj: float
    glitch_factor: float
    toggle_factor: float

    @property
    def dynamic_pj(self) -> float:
        """All but leakage."""
        return self.logic_pj + self.glitches_pj + self.registers_pj + self.clock_pj + self.memory_pj

    @property
    def total_pj(self) -> float:
        """All of it."""
        return self.dynamic_pj + self.leakage_pj

    def to_json(self) -> Json:
        """A row of `energy_pj.blocks`."""
        return {
            "total": round(self.total_pj, 1),
            **{name.removesuffix("_pj"): round(value, 3) for name, value in vars(self).items()},
        }


@dataclass(frozen=True, kw_only=True)
class PowerPart:
    """The gates' picojoules of a part of the machine beside the estimate's; None where it has none for it."""

    gates_pj: float
    estimate_pj: float | None

    @property
    def error(self) -> float | None:
        """The estimate over the gates, less 1."""
        return None if self.estimate_pj is None or not self.gates_pj else self.estimate_pj / self.gates_pj - 1


@dataclass(frozen=True, kw_only=True)
class PowerResult:
    """An inference on the gates of a Program's chip, before layout.

    `blocks` and `kernels` sum to `total_pj` each. `estimate`: of the same inference at the node and voltage of the
    cells; None for a window. `memories_priced`: whether macros were given. `difference`: the first bit or cycle in
    which the gates differ from the simulators, in words; empty where they agree.
    """

    program: Program
    library: CellLibrary
    node_nm: int
    settings: PowerSettings
    machine: GateMachine
    run: GateRun
    blocks: Mapping[MachineBlock, BlockEnergy]
    kernels: Mapping[str, float]
    estimate: EnergyEstimate | None
    memories_priced: bool
    mismatching_bits: int
    difference: str

    @property
    def total_pj(self) -> float:
        """Energy of the chip: without the external memory."""
        return sum(block.total_pj for block in self.blocks.values())

    @property
    def clock_pj(self) -> float:
        """Of it, clock tree, clock gates and clock pins."""
        return sum(block.clock_pj for block in self.blocks.values())

    @property
    def estimate_pj(self) -> float | None:
        """The estimate's energy of the chip: without the external memory."""
        if self.estimate is None:
            return None
        return self.estimate.total_pj - self.estimate.by_component().get(EXTERNAL_MEMORY, 0.0)

    @property
    def error(self) -> float | None:
        """The estimate over the gates, less 1."""
        return None if self.estimate_pj is None else self.estimate_pj / self.total_pj - 1

    @property
    def scope(self) -> str:
        """What was simulated."""
        cycles = self.settings.window_cycles
        return "a whole inference" if cycles is None else f"the first {cycles} cycles of an inference"

    def compared(self) -> dict[str, PowerPart]:
        """Blocks without their leakage, and all leakage, beside the components of the estimate of the same names."""
        gates = {block.value: energy.dynamic_pj for block, energy in self.blocks.items()}
        gates[_LEAKAGE] = sum(block.leakage_pj for block in self.blocks.values())
        estimated = {} if self.estimate is None else self.estimate.by_component()
        return {name: PowerPart(gates_pj=spent, estimate_pj=estimated.get(name)) for name, spent in gates.items()}

    def to_json(self) -> Json:
        """The object of `chipsmith power --json`; energies in picojoules."""
        registers = self.machine.elaborated.register_count
        return {
            "schema_version": SCHEMA_VERSION,
            "network": self.program.manifest.network,
            **self.program.chip.identity,
            "liberty": self.library.name,
            "node_nm": self.node_nm,
            "voltage_v": self.library.voltage_v,
            "temperature_c": self.library.temperature_c,
            "stage": "mapped, before layout",
            "scope": self.scope,
            "evidence": "simulated gates; tables of the cells; wires and clock tree by rule",
            "cells": self.machine.circuit.cell_count,
            "registers": registers,
            "gated_registers": self.machine.elaborated.gated_registers,
            "cycles": self.run.cycles,
            "clock_mhz": self.settings.clock_mhz,
            "mismatching_bits": self.mismatching_bits,
            "first_difference": self.difference or None,
            "toggles": self.run.toggles,
            "energy_pj": {
                "total": round(self.total_pj, 1),
                "blocks": {block.value: energy.to_json() for block, energy in self.blocks.items()},
                "kernels": {name: round(energy, 1) for name, energy in self.kernels.items()},
            },
            "clock_share": round(self.clock_pj / self.total_pj, 4),
            "memories_priced": self.memories_priced,
            "glitches": {"samples": self.run.samples, "nets_ending_unlike": self.run.unlike},
            "estimate_pj": None if self.estimate_pj is None else round(self.estimate_pj, 1),
            "error": None if self.error is None else round(self.error, 4),
            "compared": {
                part: {"gates": round(row.gates_pj, 1), "estimate": row.estimate_pj, "error": row.error}
                for part, row in self.compared().items()
            },
        }


@dataclass(frozen=True, kw_only=True)
class PricedMachine:
    """A chip's gates, ready to run any of its Programs; `memories_priced`: whether macros were given."""

    library: CellLibrary
    machine: GateMachine
    memories_priced: bool


def measure_power(
    program: Program,
    inputs: Mapping[str, Array],
    *,
    liberty: Path,
    sram: Path | None,
    netlist: Path | None,
    node_nm: int,
    settings: PowerSettings,
) -> PowerResult:
    """Run one cold inference on a mapped netlist of the Program's chip and price every toggle.

    `netlist`: JSON of yosys, mapped to the cells of `liberty`; None: the chip's RTL is mapped. `sram`: liberty files of
    memories; without them memories use nothing, and the result says so. Raises BadInput for files or inputs that do not
    fit, and where the RTL cannot be mapped.
    """
    _check(settings)
    priced = price_machine(program.chip, liberty=liberty, sram=sram, netlist=netlist, settings=settings)
    return measure_inference(priced, program, inputs, node_nm=node_nm, settings=settings)


def price_machine(
    chip: Chip, *, liberty: Path, sram: Path | None, netlist: Path | None, settings: PowerSettings
) -> PricedMachine:
    """Map a chip and price its gates, as measure_power does."""
    library = read_cells(liberty)
    macros = read_macros(sram, voltage_v=library.voltage_v, temperature_c=library.temperature_c) if sram else ()
    circuit = read_circuit(netlist or map_to_gates(chip, liberty).json_path, library, top=TOP)
    machine = prepare_machine(circuit, library, macros, wires=settings.wires, tree=settings.tree)
    return PricedMachine(library=library, machine=machine, memories_priced=bool(macros))


def measure_inference(
    priced: PricedMachine, program: Program, inputs: Mapping[str, Array], *, node_nm: int, settings: PowerSettings
) -> PowerResult:
    """Run one cold inference of a Program on the gates of its chip, as measure_power does."""
    _check(settings)
    library, machine = priced.library, priced.machine
    timeline = simulate(program)
    segments = cut_segments(timeline)
    cycles = timeline.latency_cycles + SPARE_CYCLES if settings.window_cycles is None else settings.window_cycles
    run = run_inference(
        machine, program, inputs, segments=segments.of_cycle, cycles=cycles, samples=settings.glitch_samples
    )
    if run.unlike:
        raise BadInput("simulation with delays ends in other values than without: the netlist has a race")
    energies = _with_leakage(run, segments, settings.clock_mhz)
    whole = settings.window_cycles is None
    bits = _mismatching_bits(execute(program, inputs), run.outputs) if whole else 0
    return PowerResult(
        program=program,
        library=library,
        node_nm=node_nm,
        settings=settings,
        machine=machine,
        run=run,
        blocks=_blocks(run, segments, settings.clock_mhz),
        kernels=split_by_kernel(program, timeline, segments, energies),
        estimate=_estimate(program, timeline, library, node_nm, settings) if whole else None,
        memories_priced=priced.memories_priced,
        mismatching_bits=bits,
        difference=_difference(run, timeline, bits, whole=whole),
    )


def _check(settings: PowerSettings) -> None:
    window = settings.window_cycles
    if window is not None and window < 1:
        raise BadInput(f"a window of {window} cycles holds nothing: take 1 or more")
    if settings.glitch_samples < 1:
        raise BadInput(f"{settings.glitch_samples} samples say nothing of glitches and leakage: take 1 or more")
    if settings.clock_mhz <= 0:
        raise BadInput(f"a clock of {settings.clock_mhz:g} MHz does not run")


def _leakage_pj(run: GateRun, segments: Segments, clock_mhz: float) -> Floats:
    """Of segments and blocks; a window ends within a segment."""
    ends = np.minimum(np.cumsum(segments.cycles), run.cycles)
    cycles = np.diff(ends, prepend=0)
    return np.outer(cycles, run.leakage_mw) * 1e3 / clock_mhz


def _with_leakage(run: GateRun, segments: Segments, clock_mhz: float) -> Floats:
    """Picojoules of segments and blocks, glitches included."""
    glitches = run.energy_pj[:, :, LOGIC] * (run.glitch_factors - 1)
    return np.asarray(run.energy_pj.sum(axis=2) + glitches + _leakage_pj(run, segments, clock_mhz))


def _blocks(run: GateRun, segments: Segments, clock_mhz: float) -> dict[MachineBlock, BlockEnergy]:
    columns, leakage = run.energy_pj.sum(axis=0), _leakage_pj(run, segments, clock_mhz).sum(axis=0)
    return {
        block: BlockEnergy(
            logic_pj=float(columns[index, LOGIC]),
            glitches_pj=float(columns[index, LOGIC] * (run.glitch_factors[index] - 1)),
            registers_pj=float(columns[index, REGISTERS]),
            clock_pj=float(columns[index, CLOCK]),
            memory_pj=float(columns[index, MEMORY]),
            leakage_pj=float(leakage[index]),
            glitch_factor=float(run.glitch_factors[index]),
            toggle_factor=float(run.toggle_factors[index]),
        )
        for index, block in enumerate(BLOCKS)
    }


def _estimate(
    program: Program, timeline: Timeline, library: CellLibrary, node_nm: int, settings: PowerSettings
) -> EnergyEstimate:
    chip = _chip_as(program.chip, node_nm, library.voltage_v, settings.clock_mhz)
    return estimate_energy(chip, count_program(program), cycles=timeline.latency_cycles)


def _chip_as(chip: Chip, node_nm: int, voltage_v: float, clock_mhz: float) -> Chip:
    """The chip at the node, voltage and clock of the gates."""
    fields = {"technology.node_nm": node_nm, "technology.voltage_v": voltage_v, "clock_mhz": clock_mhz}
    return override_chip(chip, {name: f"{value:g}" for name, value in fields.items()})


def _mismatching_bits(expected: Mapping[str, Array], outputs: Mapping[str, Array]) -> int:
    return sum(count_mismatching_bits(array, outputs[name]) for name, array in expected.items())


def _difference(run: GateRun, timeline: Timeline, bits: int, *, whole: bool) -> str:
    """The first thing in which the gates differ from the simulators."""
    if run.error is not Error.NONE:
        return f"the machine stops with error {run.error.name}: {ERROR_TEXTS[run.error]}"
    late = np.flatnonzero(run.start != timeline.start[: len(run.start)])
    if late.size:
        index = int(late[0])
        return f"instruction {index} starts in cycle {run.start[index]} of the gates, {timeline.start[index]} simulated"
    if whole and not run.finished:
        return f"the gates have not finished in cycle {run.cycles}, {timeline.latency_cycles} cycles are simulated"
    return f"{bits} bits of the outputs differ" if bits else ""
