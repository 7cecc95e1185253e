"""Noisy circuits, exactly: mixed states as real vectors, one entry for each product of Pauli operators.

Such a vector has 4^qubits entries, a gate with its error is a real matrix (4, 4) or (16, 16), and the blocks of a plan
are few: 8 qubits cost some hundredths of a CPU-second an example. Qiskit Aer's density matrices are the witness
(tests/quantum/test_simulate.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.quantum.noise import DeviceNoise
from chipsmith.quantum.plan import CircuitPlan, NoisyGate, NoisyRotation, PlanBlock, Step, plan_blocks
from chipsmith.quantum.transpile import DeviceCircuit, invert_angles

Vectors = NDArray[np.float32]
Matrix = NDArray[np.float64]

_CHUNK = 16
"""Examples that are simulated together: their vectors stay in the cache of a processor."""
_ZERO = np.array([1.0, 0.0, 0.0, 1.0])
"""The Pauli vector of a qubit in zero."""
_BITS = np.array([[0.5, 0.0, 0.0, 0.5], [0.5, 0.0, 0.0, -0.5]])
"""The probabilities of zero and one from a qubit's Pauli vector."""


def simulate_noise(compiled: DeviceCircuit, angles: NDArray[Any], noise: DeviceNoise) -> Matrix:
    """The probabilities (n, 2^qubits) of reading each bit string on the device, qubit 0 the highest bit.

    `compiled` is of `transpile_circuit`, `angles` (n, layers, qubits, 3) in radians; errors of gates and of readout are
    those of `noise`. Raises BadInput for angles of another shape.
    """
    _check_angles(compiled, angles)
    plan = plan_blocks(compiled, noise)
    steps = _prepare(plan.halves[0], _unitaries(angles), first=0)
    readers = [_readout(compiled, noise, qubit) @ _BITS for qubit in plan.measured]
    chunks = _chunks(len(angles))
    return np.concatenate([_read_bits(*_evolve(steps, compiled, chunk), plan, readers) for chunk in chunks])


def simulate_noisy_kernel(
    compiled: DeviceCircuit, left: NDArray[Any], right: NDArray[Any], noise: DeviceNoise
) -> Matrix:
    """The noisy kernel (n, m): how often each inversion test reads all zeros on the device.

    `compiled` is of `transpile_inversion_test`, `left` (n, layers, qubits, 3) and `right` (m, layers, qubits, 3) the
    angles of the examples. A test is its first half, which makes a mixed state of the left example, and its second,
    which makes an operator of the right one, whose expectation is measured. So n + m simulations give all n m tests,
    without approximation. Raises BadInput for angles of another shape.
    """
    _check_angles(compiled, left)
    _check_angles(compiled, right)
    plan = plan_blocks(compiled, noise)
    before, after = plan.halves
    forward = _prepare(before, _unitaries(left), first=0)
    undone = _unitaries(invert_angles(right))
    backward = _prepare(after[::-1], undone, first=undone.shape[1])
    effects = {qubit: _readout(compiled, noise, qubit)[0] @ _BITS for qubit in plan.measured}
    states = [_in_order(*_evolve(forward, compiled, chunk)) for chunk in _chunks(len(left))]
    operators = [_in_order(*_evolve_back(backward, effects, chunk)) for chunk in _chunks(len(right))]
    return (np.concatenate(states) @ np.concatenate(operators).T).astype(np.float64)


Prepared = list[tuple[tuple[int, ...], Vectors]]
"""The qubits of each block, and its transfer matrix (n or 1, 4^k, 4^k) for n examples."""


def _prepare(blocks: Sequence[PlanBlock], unitaries: NDArray[np.complex128], *, first: int) -> Prepared:
    """The matrices of blocks whose rotations are numbered from `first`."""
    return [(block.qubits, _block_matrix(block, unitaries, first).astype(np.float32)) for block in blocks]


def _block_matrix(block: PlanBlock, unitaries: NDArray[np.complex128], first: int) -> Matrix:
    matrices = (_embed(_step_matrix(step, unitaries, first), step.qubits, block.qubits) for step in block.steps)
    return reduce(lambda product, matrix: matrix @ product, matrices)


def _step_matrix(step: Step, unitaries: NDArray[np.complex128], first: int) -> Matrix:
    if isinstance(step, NoisyGate):
        return step.transfer[None]
    factors = [factor if isinstance(factor, np.ndarray) else unitaries[:, factor - first] for factor in step.factors]
    return _pulsed_rotation(reduce(lambda product, factor: factor @ product, factors), step)


def _pulsed_rotation(unitary: NDArray[np.complex128], step: NoisyRotation) -> Matrix:
    """Transfer matrices (n, 4, 4) of unitaries (n, 2, 2) as a device does them: turns about Z with two SX between."""
    theta, phi, lam = _euler_angles(unitary)
    return _turn(phi + np.pi) @ step.pulse @ _turn(theta + np.pi) @ step.pulse @ _turn(lam)


def _euler_angles(unitary: NDArray[np.complex128]) -> tuple[Matrix, Matrix, Matrix]:
    """Theta, phi and lambda (n,) of unitaries (n, 2, 2), each up to its phase.

    Of a rotation that only turns about Z, or that swaps zero and one, only a sum or a difference is defined: the other
    then is whatever the rounding says, and cancels.
    """
    angle = np.angle(unitary)
    theta = 2 * np.arctan2(np.abs(unitary[:, 1, 0]), np.abs(unitary[:, 0, 0]))
    total = angle[:, 1, 1] - angle[:, 0, 0]
    difference = angle[:, 1, 0] - np.angle(-unitary[:, 0, 1])
    phi = angle[:, 1, 0] - angle[:, 0, 0]
    return theta, phi, np.where(theta < np.pi / 2, total - phi, phi - difference)


def _turn(angle: Matrix) -> Matrix:
    """Transfer matrices (n, 4, 4) of turns about Z."""
    turns = np.zeros((len(angle), 4, 4))
    turns[:, 0, 0] = turns[:, 3, 3] = 1
    turns[:, 1, 1] = turns[:, 2, 2] = np.cos(angle)
    turns[:, 2, 1] = np.sin(angle)
    turns[:, 1, 2] = -turns[:, 2, 1]
    return turns


def _embed(matrix: Matrix, qubits: tuple[int, ...], block: tuple[int, ...]) -> Matrix:
    """A matrix (n, 4^k, 4^k) of some qubits of a block, as of all of the block's, which are two at most."""
    if qubits == block:
        return matrix
    count = len(matrix)
    if len(qubits) == len(block):
        return matrix.reshape(count, 4, 4, 4, 4).transpose(0, 2, 1, 4, 3).reshape(count, 16, 16)
    lone = "nij,kl->nikjl" if qubits[0] == block[0] else "nij,kl->nkilj"
    return np.reshape(np.einsum(lone, matrix, np.eye(4)), (count, 16, 16))


def _evolve(steps: Prepared, compiled: DeviceCircuit, chunk: slice) -> tuple[Vectors, list[int]]:
    """Pauli vectors (n, 4, ..., 4) of a chunk of examples after all steps, and which qubit each axis is."""
    qubits = range(compiled.circuit.qubits)
    return _apply_all(steps, _product([_ZERO for _ in qubits]), list(qubits), chunk)


def _evolve_back(steps: Prepared, effects: dict[int, NDArray[np.float64]], chunk: slice) -> tuple[Vectors, list[int]]:
    """Pauli vectors of the operator that the product of `effects` is, before all steps, given in reverse."""
    turned = [(qubits, matrix.transpose(0, 2, 1)) for qubits, matrix in steps]
    return _apply_all(turned, _product(list(effects.values())), list(effects), chunk)


def _apply_all(steps: Prepared, start: Vectors, order: list[int], chunk: slice) -> tuple[Vectors, list[int]]:
    vectors = np.broadcast_to(start, (chunk.stop - chunk.start, *start.shape))
    for qubits, matrices in steps:
        vectors, order = _apply(vectors, order, qubits, matrices if len(matrices) == 1 else matrices[chunk])
    return vectors, order


def _apply(vectors: Vectors, order: list[int], qubits: tuple[int, ...], matrices: Vectors) -> tuple[Vectors, list[int]]:
    """Vectors whose first axes are now these qubits, each multiplied by its matrix."""
    places = [1 + order.index(qubit) for qubit in qubits]
    moved = np.moveaxis(vectors, places, range(1, 1 + len(places)))
    product = matrices @ moved.reshape(len(vectors), 4 ** len(qubits), -1)
    return product.reshape(vectors.shape), [*qubits, *(qubit for qubit in order if qubit not in qubits)]


def _product(parts: Sequence[NDArray[np.float64]]) -> Vectors:
    """The product (4, ..., 4) of Pauli vectors (4,)."""
    return reduce(np.multiply.outer, parts).astype(np.float32)


def _in_order(vectors: Vectors, order: list[int]) -> Vectors:
    """Vectors (n, 4^qubits) whose qubits are in the order of their numbers."""
    return vectors.transpose(0, *(1 + np.argsort(order))).reshape(len(vectors), -1)


def _read_bits(vectors: Vectors, order: list[int], plan: CircuitPlan, readers: Sequence[Matrix]) -> Matrix:
    """The probabilities (n, 2^qubits) of bit strings, by the readers (2, 4) of the measured qubits."""
    bits = vectors.transpose(0, *(1 + order.index(qubit) for qubit in plan.measured)).astype(np.float64)
    for reader in readers:
        bits = np.tensordot(bits, reader, axes=(1, 1))
    return bits.reshape(len(vectors), -1)


def _readout(compiled: DeviceCircuit, noise: DeviceNoise, qubit: int) -> Matrix:
    return noise.readout.get(compiled.places[qubit], np.eye(2))


def _unitaries(angles: NDArray[Any]) -> NDArray[np.complex128]:
    """The matrices (n, layers * qubits, 2, 2) of rotations by angles (n, layers, qubits, 3)."""
    import torch

    from chipsmith.quantum.states import rotation_matrices

    matrices = rotation_matrices(torch.from_numpy(np.asarray(angles, np.float64)))
    return np.asarray(matrices.flatten(1, 2))


def _chunks(count: int) -> list[slice]:
    return [slice(start, min(start + _CHUNK, count)) for start in range(0, count, _CHUNK)]


def _check_angles(compiled: DeviceCircuit, angles: NDArray[Any]) -> None:
    if angles.shape[1:] != compiled.circuit.angles_shape:
        raise BadInput(f"the circuit has angles of shape (n, *{compiled.circuit.angles_shape}), not {angles.shape}")
