"""The roof of this computer, measured: operations a second by a product of matrices, bytes a second by a triad."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from chipsmith.costs.peak import OPERATIONS_PER_MAC
from chipsmith.loops import compiled_loop
from chipsmith.systems.comparison import Collected, MachineRoof
from chipsmith.systems.row import LeftOut
from chipsmith.targets import Precision

_SIDE = 1024
"""Rows and columns of the matrices."""
_TRIAD_ELEMENTS = 1 << 24
"""Of each array of the triad, in float32: 64 MiB, more than caches hold."""
_REPEATS = 5
_BYTES_PER_ELEMENT = 3 * 4
"""A triad reads two arrays and writes one."""


def measure_host_roof(machine: str, *, threads: int) -> Collected:
    """The roofs of this computer with so many threads, in float32 and in int8; it takes some seconds.

    `machine` is what the roofs are called. The peak is the best of a few products of two 1,024 x 1,024 matrices, by
    numpy's own library in float32 and by onnxruntime in int8; the bandwidth the best of a few triads (a = b + s c).
    """
    bandwidth = measure_bandwidth(threads)
    triad = f"triad of {_TRIAD_ELEMENTS:,} float32, best of {_REPEATS}"

    def roof(precision: Precision, peak: float, kernel: str) -> MachineRoof:
        return MachineRoof(
            machine=machine,
            precision=precision,
            operations_per_s=peak,
            bytes_per_s=bandwidth,
            measured=True,
            obtained=f"{kernel} of {_SIDE} x {_SIDE}, best of {_REPEATS}; {triad}; {threads} threads",
        )

    roofs = [roof(Precision.FLOAT32, measure_float32_peak(threads), "numpy's product")]
    integer = _try_int8_peak(threads)
    if integer is None:
        reason = "onnx and onnxruntime are not installed; mend: pip install 'chipsmith[onnx]'"
        return Collected(roofs=tuple(roofs), left_out=(LeftOut(what=f"int8 roof of {machine}", reason=reason),))
    return Collected(roofs=(*roofs, roof(Precision.INT8, integer, "onnxruntime's MatMulInteger")))


def measure_float32_peak(threads: int) -> float:
    """Operations a second of numpy's matrix product."""
    from threadpoolctl import threadpool_limits

    left, right = (np.ones((_SIDE, _SIDE), np.float32) for _ in range(2))
    with threadpool_limits(threads):
        return _product_operations() / _best_seconds(lambda: left @ right)


def _try_int8_peak(threads: int) -> float | None:
    if find_spec("onnx") is None or find_spec("onnxruntime") is None:
        return None
    return measure_int8_peak(threads)


def measure_int8_peak(threads: int) -> float:
    """Operations a second of onnxruntime's product of uint8 and int8, summed in int32; needs onnx and onnxruntime."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    weights = numpy_helper.from_array(np.ones((_SIDE, _SIDE), np.int8), "weights")
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["values", "weights"], ["sums"])],
        "peak",
        [helper.make_tensor_value_info("values", TensorProto.UINT8, (_SIDE, _SIDE))],
        [helper.make_tensor_value_info("sums", TensorProto.INT32, (_SIDE, _SIDE))],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    values = {"values": np.ones((_SIDE, _SIDE), np.uint8)}
    return _product_operations() / _best_seconds(lambda: session.run(None, values))


def measure_bandwidth(threads: int) -> float:
    """Bytes a second that a triad reads and writes."""
    arrays = [np.ones(_TRIAD_ELEMENTS, np.float32) for _ in range(3)]
    parts = list(zip(*(np.array_split(array, threads) for array in arrays), strict=True))
    with ThreadPoolExecutor(threads) as pool:
        seconds = _best_seconds(lambda: list(pool.map(lambda part: _triad(*part, np.float32(3)), parts)))
    return _TRIAD_ELEMENTS * _BYTES_PER_ELEMENT / seconds


@compiled_loop(fastmath=True)
def _triad(
    result: NDArray[np.float32], left: NDArray[np.float32], right: NDArray[np.float32], factor: np.float32
) -> None:
    for index in range(result.size):
        result[index] = left[index] + factor * right[index]


def _product_operations() -> int:
    return OPERATIONS_PER_MAC * _SIDE**3


def _best_seconds(work: Callable[[], object]) -> float:
    """Of a few repeats; the first, which may compile and touch new pages, is not counted."""
    work()
    return min(_seconds(work) for _ in range(_REPEATS))


def _seconds(work: Callable[[], object]) -> float:
    begin = perf_counter()
    work()
    return perf_counter() - begin
