"""One output of a network: what its source gives against what the chip gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.quantized_network import Arithmetic
from chipsmith.shown import Shown
from chipsmith.tosa.graph import Array
from chipsmith.witness.noise import sqnr_db

_CLASSES_RANK = 2
"""An output [n, classes] is one of classes."""


@dataclass(frozen=True, kw_only=True)
class OutputCheck(Shown):
    """How far an output of the chip is from the source's, over `elements` values.

    `sqnr_db`: 10 log10(sum f^2 / sum (f - q)^2) of the values; None without noise or without signal, and for what a
    network in floating point decides (indices, comparisons). `top1_agreement`: the share of rows [n, classes >= 2] with
    the same largest class, or of decisions that are the same, and `decisions` their number; None where the output is
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


def compare_outputs(
    name: str, expected: Array, output: Array, *, arithmetic: Arithmetic, scale: float | None, rebuilt: bool = False
) -> OutputCheck:
    """The output `name` of the chip against the source's, whatever the two are.

    `arithmetic` is the source's; `scale` is that of the output's integers, None where they are the author's own. What
    is `rebuilt`, an output of an input's shape, is none of classes.
    """
    fault = _find_fault(expected, output)
    if fault:
        return OutputCheck(name=name, fault=fault)
    exact, rough = expected.astype(np.float64), output.astype(np.float64)
    noise = np.abs(exact - rough)
    decided = arithmetic is not Arithmetic.INTEGER and _decides(expected)
    same = np.equal(exact, rough) if decided else _find_same_class(exact, rough, rebuilt=rebuilt)
    step = scale or (None if expected.dtype.kind == "f" else 1.0)
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


def _decides(values: Array) -> bool:
    """Whether values are indices or comparisons: those of 8 and 16 bits stand for reals."""
    return values.dtype.kind == "b" or (values.dtype.kind in "iu" and values.dtype.itemsize > 2)


def _find_same_class(
    exact: npt.NDArray[np.float64], rough: npt.NDArray[np.float64], *, rebuilt: bool
) -> npt.NDArray[np.bool_]:
    """Which rows have the same largest class; none where the output is not one of classes."""
    if rebuilt or exact.ndim != _CLASSES_RANK or exact.shape[1] < 2:
        return np.zeros(0, np.bool_)
    same: npt.NDArray[np.bool_] = exact.argmax(1) == rough.argmax(1)
    return same
