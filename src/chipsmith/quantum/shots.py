"""What a finite number of shots shows of a circuit: counts of bit strings, and kernels of counted overlaps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.quantum.kernel import Matrix


def sample_shots(probabilities: NDArray[Any], *, shots: int, seed: int) -> Matrix:
    """The shares (n, 2^qubits) of bit strings in `shots` measurements of Z of all qubits at once.

    `probabilities` (n, 2^qubits) are those of the bit strings; Z of every qubit is read from the same shots, for they
    commute. Raises BadInput for fewer than 1 shot.
    """
    _require_shots(shots)
    exact = np.clip(np.asarray(probabilities, np.float64), 0, None)
    exact /= exact.sum(axis=1, keepdims=True)
    return np.random.default_rng(seed).multinomial(shots, exact) / shots


def sample_kernel(kernel: Matrix, *, shots: int, seed: int) -> Matrix:
    """A kernel (m, n) each of whose entries is the share of `shots` that read all zeros: a binomial draw of it.

    Raises BadInput for fewer than 1 shot.
    """
    _require_shots(shots)
    return np.random.default_rng(seed).binomial(shots, np.clip(kernel, 0, 1)) / shots


def sample_gram(kernel: Matrix, *, shots: int, seed: int) -> Matrix:
    """The kernel (n, n) of training examples with `shots` for each pair, which is measured once and so symmetric.

    Raises BadInput for fewer than 1 shot.
    """
    upper = np.triu(sample_kernel(kernel, shots=shots, seed=seed))
    return upper + np.triu(upper, 1).T


def _require_shots(shots: int) -> None:
    if shots < 1:
        raise BadInput(f"a circuit is measured by 1 or more shots, not {shots}")
