"""One output of a network: what its source gives against what the chip gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chipsmith.tosa.graph import Array
from chipsmith.witness.noise import sqnr_db

_CLASSES_RANK = 2
"""An output [n, classes] in floating point is one of classes."""


@dataclass(frozen=True, kw_only=True)
class OutputCheck:
    """How far an output of the chip is from the source's, over `elements` values.

    `sqnr_db`: 10 log10(sum f^2 / sum (f - q)^2) of real values; None without noise or without signal, and for what a
    floating-point network decides (integers, booleans). `top1_agreement`: the share of rows [n, classes >= 2] with the
    same largest class, or of decisions that are the same, and `decisions` their number; None where the output is
    neither. `largest_step`: the largest difference in steps of the output's integers, where it has any. `differing`:
    how many values differ. `fault`: why the two cannot be compared; empty where they can.
    """

    name: str
    elements: int = 0
    sqnr_db: float | None = None
    top1_agreement: float | None = None
    decisions: int = 0
    largest_step: float | None = None
    differing: int = 0
    fault: str = ""


def compare_outputs(name: str, expected: Array, output: Array, *, scale: float | None) -> OutputCheck:
    """The output `name` of the chip against the source's, whatever the two are; `scale` is a step's, if known."""
    fault = _find_fault(expected, output)
    if fault:
        return OutputCheck(name=name, fault=fault)
    exact, rough = expected.astype(np.float64), output.astype(np.float64)
    noise = np.abs(exact - rough)
    decided = expected.dtype.kind not in "fc"
    same = _find_same(exact, rough, decided=decided)
    step = scale or (1.0 if decided else None)
    return OutputCheck(
        name=name,
        elements=int(expected.size),
        sqnr_db=None if decided else sqnr_db(float((exact**2).sum()), float((noise**2).sum())),
        top1_agreement=float(same.mean()) if same.size else None,
        decisions=int(same.size),
        largest_step=None if step is None else _count_steps(noise, step),
        differing=int((noise != 0).sum()),
    )


def _find_fault(expected: Array, output: Array) -> str:
    if expected.shape != output.shape:
        return f"has the shape {list(output.shape)} where the source gives {list(expected.shape)}"
    if expected.dtype != output.dtype:
        return f"is {output.dtype} where the source gives {expected.dtype}"
    for whose, values in (("the source's", expected), ("the chip's", output)):
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            return f"{whose} values are not all finite"
    return ""


def _count_steps(noise: npt.NDArray[np.float64], step: float) -> float:
    """The largest difference in steps, to a thousandth: what is less is the rounding of float32."""
    return round(float(noise.max(initial=0.0)) / step, 3)


def _find_same(
    exact: npt.NDArray[np.float64], rough: npt.NDArray[np.float64], *, decided: bool
) -> npt.NDArray[np.bool_]:
    """Which decisions are the same, of an output that is one of classes or of decisions; of another there are none."""
    same: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
    if decided:
        same = exact == rough
    elif exact.ndim == _CLASSES_RANK and exact.shape[1] > 1:
        same = exact.argmax(1) == rough.argmax(1)
    return same
