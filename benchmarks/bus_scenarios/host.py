"""Software beside the machine on its bus: one network in its memory, inferences, and what they should give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chipsmith.chip import Chip
from chipsmith.hardware.axi import AxiEnding, AxiMachine, BusBehaviour, await_ending, start_inference
from chipsmith.hardware.build import AXI_MACHINE, build_machine
from chipsmith.hardware.simulate import external_memory
from chipsmith.program.port_values import draw_inputs
from chipsmith.program.program import Program
from chipsmith.sim.functional import execute

BASE = 0x1_2345_6000
"""A bus address that needs more than 32 bits."""
MOST_CYCLES = 400_000
"""A wait for an ending that takes longer is a hang."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A Program with inputs and the outputs that the functional simulator says."""

    program: Program
    inputs: Mapping[str, np.ndarray]
    outputs: Mapping[str, np.ndarray]


def new_job(program: Program, inputs: Mapping[str, np.ndarray]) -> Job:
    """A Job with the outputs of a cold inference."""
    return Job(program=program, inputs=inputs, outputs=execute(program, inputs))


def random_job(program: Program, seed: int) -> Job:
    """A Job with random inputs of each port's whole type."""
    return new_job(program, draw_inputs(program, seed=seed))


def open_machine(chip: Chip, *, seed: int = 1) -> AxiMachine:
    """The machine of a chip after reset; `seed`: of what its registers held before."""
    return AxiMachine(chip, build_machine(chip, simulated=AXI_MACHINE), seed=seed)


class Host:
    """Its memory holds one Job, at BASE."""

    def __init__(self, machine: AxiMachine, job: Job) -> None:
        self.machine = machine
        self.job = job
        self.memory = external_memory(job.program, job.inputs)
        machine.attach(self.memory, BASE)

    def start(self, *, warm: bool = False, watchdog_cycles: int = 0) -> None:
        """Put the memory back to what it was before all inferences, set the registers and ring the doorbell."""
        self.memory[:] = external_memory(self.job.program, self.job.inputs)
        start_inference(self.machine, base=BASE, warm=warm, watchdog_cycles=watchdog_cycles)

    def infer(self, *, warm: bool = False, watchdog_cycles: int = 0, most_cycles: int = MOST_CYCLES) -> AxiEnding:
        """One inference; how it ended, or how it stands after `most_cycles`."""
        self.start(warm=warm, watchdog_cycles=watchdog_cycles)
        return await_ending(self.machine, most_cycles=most_cycles)

    def fault(self) -> str | None:
        """What is wrong after an inference that is done: an output, or a rule of the bus that was broken."""
        state = self.machine.state()
        if state.breaches:
            return state.breach
        for port in self.job.program.manifest.outputs:
            data = self.memory[port.address : port.address + port.size_bytes].tobytes()
            if data != np.ascontiguousarray(self.job.outputs[port.name]).tobytes():
                return f"output {port.name} is wrong"
        return None


def wrong_with(host: Host, ending: AxiEnding) -> str | None:
    """What speaks against an inference that should have come to DONE; None where all is right."""
    if not ending.interrupt:
        return "hang"
    if not ending.done or ending.status:
        return f"no DONE: {ending}"
    return host.fault()


def ideal_bus(latency_cycles: int, *, open_bursts: int | None = None) -> BusBehaviour:
    """A bus that is always ready and never late; the registers of the manager take one cycle of a machine's latency."""
    return BusBehaviour(latency_cycles=latency_cycles, open_bursts=open_bursts)
