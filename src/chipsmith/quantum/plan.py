"""A transpiled circuit as few steps: every gate of a pair of qubits between two others, joined into one block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.quantum.noise import DeviceNoise, Matrix
from chipsmith.quantum.transpile import DeviceCircuit, is_middle, rotation_number


@dataclass(frozen=True, kw_only=True)
class NoisyGate:
    """A gate and the error that follows it, as a Pauli transfer matrix whose first qubit varies slowest."""

    qubits: tuple[int, ...]
    transfer: Matrix


@dataclass(frozen=True, kw_only=True)
class NoisyRotation:
    """Neighbouring gates of one qubit that a compiler joins: turns about Z with two SX between them.

    `factors` are numbers of rotations, or unitary matrices (2, 2), in their order in time; `pulse` is the Pauli
    transfer matrix (4, 4) of SX and the error that follows it.
    """

    qubits: tuple[int]
    factors: tuple[int | NDArray[np.complex128], ...]
    pulse: Matrix


Step = NoisyGate | NoisyRotation


@dataclass(kw_only=True, eq=False)
class PlanBlock:
    """Steps on the same qubit or pair of qubits, with nothing of others between them; grows as a plan is laid."""

    qubits: tuple[int, ...]
    steps: list[Step] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class CircuitPlan:
    """Blocks in their order in time, of each half of an inversion test or of the whole of a circuit, and what is read.

    `measured` has the template's qubit that each classical bit reads.
    """

    halves: tuple[tuple[PlanBlock, ...], ...]
    measured: tuple[int, ...]


def plan_blocks(compiled: DeviceCircuit, noise: DeviceNoise) -> CircuitPlan:
    """The plan of a transpiled circuit with this noise."""
    halves: list[list[Step]] = [[]]
    runs: dict[int, list[Any]] = {}
    measured: dict[int, int] = {}
    index = compiled.template.find_bit
    for instruction in compiled.template.data:
        qubits = tuple(index(qubit).index for qubit in instruction.qubits)
        if is_middle(instruction):
            halves[-1] += _flush(runs, tuple(runs), compiled, noise)
            halves.append([])
        elif instruction.operation.name == "measure":
            measured[index(instruction.clbits[0]).index] = qubits[0]
        elif len(qubits) == 1:
            runs.setdefault(qubits[0], []).append(instruction)
        elif instruction.operation.name != "barrier":
            halves[-1] += _flush(runs, qubits, compiled, noise)
            halves[-1].append(_gate_step(instruction, qubits, compiled, noise))
    halves[-1] += _flush(runs, tuple(runs), compiled, noise)
    return CircuitPlan(
        halves=tuple(tuple(_join(steps)) for steps in halves),
        measured=tuple(measured[bit] for bit in sorted(measured)),
    )


def _flush(
    runs: dict[int, list[Any]], qubits: Sequence[int], compiled: DeviceCircuit, noise: DeviceNoise
) -> list[Step]:
    """The steps of what waits on these qubits, which then wait no more."""
    steps: list[Step] = []
    for qubit in qubits:
        run = runs.pop(qubit, [])
        if any(rotation_number(instruction) is not None for instruction in run):
            steps.append(_rotation_step(run, qubit, compiled, noise))
        else:
            steps += [_gate_step(instruction, (qubit,), compiled, noise) for instruction in run]
    return steps


def _rotation_step(run: list[Any], qubit: int, compiled: DeviceCircuit, noise: DeviceNoise) -> NoisyRotation:
    from qiskit.circuit.library import SXGate

    factors = tuple(
        instruction.operation.to_matrix() if (number := rotation_number(instruction)) is None else number
        for instruction in run
    )
    pulse = _transfer_matrix(SXGate(), (qubit,), compiled, noise)
    return NoisyRotation(qubits=(qubit,), factors=factors, pulse=pulse)


def _gate_step(instruction: Any, qubits: tuple[int, ...], compiled: DeviceCircuit, noise: DeviceNoise) -> NoisyGate:
    """Qiskit's first qubit varies fastest: its order is turned, so that the matrix is the Kronecker product's."""
    return NoisyGate(qubits=qubits[::-1], transfer=_transfer_matrix(instruction.operation, qubits, compiled, noise))


def _transfer_matrix(operation: Any, qubits: tuple[int, ...], compiled: DeviceCircuit, noise: DeviceNoise) -> Matrix:
    from qiskit.quantum_info import PTM, Operator

    gate = np.asarray(PTM(Operator(operation)).data.real)
    error = noise.gates.get((operation.name, tuple(compiled.places[qubit] for qubit in qubits)))
    return gate if error is None else error @ gate


def _join(steps: Sequence[Step]) -> list[PlanBlock]:
    """Each step joins the last block of its qubits where nothing of another block stands between."""
    blocks: list[PlanBlock] = []
    last: dict[int, PlanBlock] = {}
    for step in steps:
        touched = [last[qubit] for qubit in step.qubits if qubit in last]
        block = next((block for block in touched if set(step.qubits) <= set(block.qubits)), None)
        if block is None or any(other is not block for other in touched):
            block = _open_block(step, touched, blocks)
        block.steps.append(step)
        last |= dict.fromkeys(step.qubits, block)
    return blocks


def _open_block(step: Step, touched: Sequence[PlanBlock], blocks: list[PlanBlock]) -> PlanBlock:
    """A new block, which begins with what its qubits did alone."""
    lone = [block for block in touched if len(block.qubits) < len(step.qubits)]
    for block in lone:
        blocks.remove(block)
    block = PlanBlock(qubits=step.qubits, steps=[before for block in lone for before in block.steps])
    blocks.append(block)
    return block
