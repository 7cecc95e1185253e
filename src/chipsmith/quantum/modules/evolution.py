"""The evolution of a batch of states through layers of rotations, with gradients by going back through the layers.

Every layer is unitary, so its input follows from its output, and nothing but the last states is kept (T. Jones,
J. Gacon, arXiv:2009.02823). The gradient of a rotation needs of state and gradient only what its qubit has of them.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import torch
from torch import Tensor


class LayeredEvolution(torch.autograd.Function):
    """Rotations (n, layers, qubits, 2, 2) and signs (2^high, 2^low) or None to states (n, 2^high, 2^low).

    The signs are multiplied with the states between each two layers; the first half of the qubits, rounded down, are
    the high bits.
    """

    @staticmethod
    def forward(ctx: Any, rotations: Tensor, signs: Tensor | None) -> Tensor:
        """The states, from all qubits in zero."""
        high = rotations.shape[2] // 2
        first = rotations[:, 0, :, :, :1]
        states = _kron(first[:, :high]) @ _kron(first[:, high:]).transpose(1, 2)
        halves = [_halves(layer, high) for layer in rotations[:, 1:].unbind(1)]
        for left, right in halves:
            states = states if signs is None else states * signs
            states = left @ states @ right.transpose(1, 2)
        ctx.save_for_backward(rotations, states)
        ctx.halves, ctx.signs = halves, signs
        return states

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """The gradient of the rotations."""
        rotations, states = ctx.saved_tensors
        (gradient,) = gradients
        high = rotations.shape[2] // 2
        changes = torch.empty_like(rotations)
        for layer in reversed(range(rotations.shape[1])):
            changes[:, layer] = _qubit_changes(gradient, states, high) @ rotations[:, layer]
            if layer:
                left, right = (half.conj() for half in ctx.halves[layer - 1])
                states, gradient = (left.transpose(1, 2) @ batch @ right for batch in (states, gradient))
                if ctx.signs is not None:
                    states, gradient = states * ctx.signs, gradient * ctx.signs
        return changes, None


def _qubit_changes(gradient: Tensor, states: Tensor, high: int) -> Tensor:
    """For every qubit the matrix (n, qubits, 2, 2) of gradient times state, summed over all other qubits."""
    low = states.shape[2].bit_length() - 1
    of_high = gradient @ states.transpose(1, 2).conj()
    of_low = gradient.transpose(1, 2) @ states.conj()
    parts = [_trace_others(of_high, qubit, high) for qubit in range(high)]
    return torch.stack([*parts, *(_trace_others(of_low, qubit, low) for qubit in range(low))], dim=1)


def _trace_others(matrix: Tensor, qubit: int, qubits: int) -> Tensor:
    """What a matrix (n, 2^qubits, 2^qubits) is on a single qubit, (n, 2, 2): its trace over the others."""
    before, after = 1 << qubit, 1 << (qubits - 1 - qubit)
    split = matrix.reshape(-1, before, 2, after, before, 2, after)
    return split.diagonal(dim1=1, dim2=4).diagonal(dim1=2, dim2=4).sum(dim=(3, 4))


def _halves(rotations: Tensor, high: int) -> tuple[Tensor, Tensor]:
    return _kron(rotations[:, :high]), _kron(rotations[:, high:])


def _kron(matrices: Tensor) -> Tensor:
    """The Kronecker product (n, r^k, c^k) of matrices (n, k, r, c); 1 where there are none."""
    return reduce(_kron_pair, matrices.unbind(1), matrices.new_ones((len(matrices), 1, 1)))


def _kron_pair(left: Tensor, right: Tensor) -> Tensor:
    product = left[:, :, None, :, None] * right[:, None, :, None, :]
    return product.flatten(3, 4).flatten(1, 2)
