"""One inference of a Program on the gates of its chip: outputs, cycles, and the energy of its blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chipsmith.hardware.build import UNDEFINED
from chipsmith.hardware.gates.bench import (
    ERROR,
    FINISHED,
    ISSUED,
    LAST,
    LATENCY,
    UNLIKE,
    MachinePorts,
    RunSchedule,
    new_channels,
    reset_machine,
    run_cycles,
)
from chipsmith.hardware.gates.blocks import BLOCKS
from chipsmith.hardware.gates.cells import CellLibrary, CellRole
from chipsmith.hardware.gates.circuit import GateCircuit
from chipsmith.hardware.gates.elaborate import Elaborated, elaborate, power_up
from chipsmith.hardware.gates.glitches import SLOTS, TimedState, mean_delays
from chipsmith.hardware.gates.macros import MacroChoice, SramMacro, choose_macro, port_capacitances
from chipsmith.hardware.gates.pricing import Pricing, TreeRule
from chipsmith.hardware.gates.simulator import OUTPUT
from chipsmith.hardware.gates.wires import WireRule, compute_loads
from chipsmith.hardware.package import Error
from chipsmith.hardware.simulate import external_memory, read_output
from chipsmith.program.program import Program

Floats = npt.NDArray[np.float64]
Cycles = npt.NDArray[np.int64]

EVENTS_PER_NET = 24
"""Room for events of a cycle with delays, in events a net."""


@dataclass(frozen=True, kw_only=True)
class GateMachine:
    """A mapped netlist ready to run: its circuit, how it is priced, the macros of its memories (None: no energy)."""

    circuit: GateCircuit
    pricing: Pricing
    choices: tuple[MacroChoice | None, ...]
    elaborated: Elaborated


@dataclass(frozen=True, kw_only=True)
class GateRun:
    """What the gates did. `outputs` by port, of a whole inference; `start` of each instruction that was issued.

    `energy_pj` [segments, blocks, columns of the simulator], with zero delay; `glitch_factors` [blocks]: energy of
    logic with delays over that without, in `samples` cycles; `toggle_factors` the same of toggles; `leakage_mw`
    [blocks], the mean of the samples; `toggles`: of all nets; `unlike`: nets that ended otherwise with delays (0).
    """

    outputs: Mapping[str, npt.NDArray[np.generic]]
    latency_cycles: int
    cycles: int
    start: Cycles
    finished: bool
    error: Error
    energy_pj: Floats
    toggles: int
    accesses: tuple[int, int]
    glitch_factors: Floats
    toggle_factors: Floats
    leakage_mw: Floats
    samples: int
    unlike: int


def prepare_machine(
    circuit: GateCircuit, library: CellLibrary, macros: Sequence[SramMacro], *, wires: WireRule, tree: TreeRule
) -> GateMachine:
    """Price a circuit; without macros its memories use nothing. BadInput where it cannot be simulated."""
    choices = tuple(choose_macro(memory, macros) if macros else None for memory in circuit.memories)
    pins = [port_capacitances(memory, choice) for memory, choice in zip(circuit.memories, choices, strict=True)]
    pricing = Pricing(library=library, loads=compute_loads(circuit, wires, pins), rule=wires)
    elaborated = elaborate(circuit, pricing, choices, tree)
    return GateMachine(circuit=circuit, pricing=pricing, choices=choices, elaborated=elaborated)


def run_inference(
    machine: GateMachine,
    program: Program,
    inputs: Mapping[str, npt.NDArray[np.generic]],
    *,
    segments: npt.NDArray[np.int32],
    cycles: int,
    samples: int,
) -> GateRun:
    """One cold inference, or its first `cycles`. `segments`: which row of the energies each cycle is added to.

    `samples` cycles, evenly apart, are simulated with delays too. BadInput where an input does not fit its port.
    """
    run = power_up(machine.elaborated, segments=int(segments.max()) + 1, fill=UNDEFINED)
    ports = MachinePorts(**{name: machine.circuit.ports[name] for name in MachinePorts._fields})
    channels = new_channels(program.chip.external.bytes_per_cycle)
    memory, timed = external_memory(program, inputs), prepare_delays(machine)
    start = np.zeros(len(program.instructions), np.int64)
    schedule = RunSchedule(
        latency_cycles=program.chip.external.latency_cycles,
        segments=segments,
        sampled=np.unique(np.linspace(0, min(cycles, len(segments)) - 1, samples).astype(np.int64)),
    )
    netlist = machine.elaborated.netlist
    reset_machine(netlist, run, ports)
    run_cycles(netlist, run, ports, channels, memory, schedule, timed, start, cycles)
    counts = channels.counts
    return GateRun(
        outputs={port.name: read_output(memory, port) for port in program.manifest.outputs},
        latency_cycles=int(counts[LATENCY]),
        cycles=int(counts[LAST]) + 1,
        start=start[: counts[ISSUED]],
        finished=bool(counts[FINISHED]),
        error=Error(int(counts[ERROR])),
        energy_pj=run.energy,
        toggles=int(run.toggles.sum()),
        accesses=(int(run.accesses[:, 0].sum()), int(run.accesses[:, 1].sum())),
        glitch_factors=_ratios(timed.energy),
        toggle_factors=_ratios(timed.toggles),
        leakage_mw=timed.leakage / max(1, timed.samples[0]) + _memory_leakage(machine),
        samples=int(timed.samples[0]),
        unlike=int(counts[UNLIKE]),
    )


def _ratios(pairs: npt.NDArray[np.generic]) -> Floats:
    """With over without delays; 1 where nothing toggled."""
    without, within = pairs[:, 0].astype(np.float64), pairs[:, 1].astype(np.float64)
    return np.where(without > 0, within / np.where(without > 0, without, 1.0), 1.0)


def _memory_leakage(machine: GateMachine) -> Floats:
    leakage = np.zeros(len(BLOCKS))
    for choice, block in zip(machine.choices, machine.elaborated.netlist.banks.block, strict=True):
        if choice is not None:
            leakage[block] += choice.count * choice.macro.leakage_mw
    return leakage


def prepare_delays(machine: GateMachine) -> TimedState:
    """The delays of a machine, and room for cycles with them."""
    netlist = machine.elaborated.netlist
    nets, events = len(netlist.source_prices), EVENTS_PER_NET * len(netlist.source_prices)
    driver = np.full(nets, -1, np.int32)
    driver[netlist.gates.rows[:, OUTPUT]] = np.arange(len(netlist.gates.rows), dtype=np.int32)
    return TimedState(
        delays=_gate_delays(machine),
        source_delays=_source_delays(machine),
        value=np.zeros(nets, np.uint8),
        state=np.zeros(len(netlist.gates.rows), np.uint8),
        pending=np.full(nets, -1, np.int32),
        heads=np.full(SLOTS, -1, np.int32),
        event_next=np.zeros(events, np.int32),
        event_net=np.zeros(events, np.int32),
        event_price=np.zeros(events, np.float32),
        driver=driver,
        energy=np.zeros((len(BLOCKS), 2)),
        toggles=np.zeros((len(BLOCKS), 2), np.int64),
        leakage=np.zeros(len(BLOCKS)),
        leakages=_gate_leakages(machine),
        register_leakages=machine.elaborated.register_leakage_mw,
        samples=np.zeros(1, np.int64),
    )


def _gate_delays(machine: GateMachine) -> npt.NDArray[np.int32]:
    """Of each gate, falling and rising: the mean over its pins, at its load and their slews."""
    by_net = np.zeros((machine.circuit.nets + 1, 2))
    for placed in machine.circuit.cells:
        if placed.kind.role is CellRole.LOGIC:
            by_net[placed.outputs[:, 0]] = machine.pricing.delays_ns(placed, 0)
    return mean_delays(by_net[machine.elaborated.netlist.gates.rows[:, OUTPUT]])


def _source_delays(machine: GateMachine) -> npt.NDArray[np.int32]:
    """From the clock to the outputs of flip-flops and memories; inputs come with the clock."""
    by_net = np.zeros(machine.circuit.nets + 1)
    for placed in machine.circuit.cells:
        if placed.kind.role is CellRole.FLIP_FLOP:
            for index in range(len(placed.kind.outputs)):
                by_net[placed.outputs[:, index]] = machine.pricing.delays_ns(placed, index).mean(axis=1)
    for memory, choice in zip(machine.circuit.memories, machine.choices, strict=True):
        by_net[memory.ports["read_data"]] = choice.macro.access_ns if choice else 0.0
    return np.minimum(mean_delays(by_net), SLOTS - 1)


def _gate_leakages(machine: GateMachine) -> Floats:
    """Milliwatts by kind, state of the inputs and value of the output."""
    kinds = machine.elaborated.kinds
    leakages = np.zeros((len(kinds), 64, 2))
    for index, kind in enumerate(kinds):
        states = 1 << len(kind.inputs)
        leakages[index, :states] = np.array(kind.leakage_mw[: 2 * states]).reshape(2, states).T
    return leakages
