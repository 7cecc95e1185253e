"""What a user chooses of quantisation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RangeMethod(StrEnum):
    """How the range of a tensor is chosen from its values over the calibration."""

    MINMAX = "minmax"
    """The least and the greatest value."""
    PERCENTILE = "percentile"
    """Without the 0.01 % of the values that are furthest from 0."""
    MSE = "mse"
    """The range with the least mean squared error of rounding and of cutting off."""
    ENTROPY = "entropy"
    """The range whose rounded values are distributed most like the values (Kullback-Leibler)."""
    AUTO = "auto"
    """Whichever of them serves the network's outputs best on inputs that did not choose the ranges."""


LEAST_DB = 20.0
"""Outputs of less signal to noise, in dB, are wrong."""


@dataclass(frozen=True, kw_only=True)
class QuantisationSettings:
    """`method` chooses ranges; `wide` are tensors, or the author's names of operators, with 16-bit activations.

    `corrects_bias` and `equalises` allow what betters a network's outputs on inputs that did not choose it. While the
    outputs' SQNR is below `target_db`, more tensors get 16 bits, the most sensitive first.
    """

    method: RangeMethod = RangeMethod.AUTO
    corrects_bias: bool = True
    equalises: bool = True
    wide: tuple[str, ...] = ()
    target_db: float = LEAST_DB
