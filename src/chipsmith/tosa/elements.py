"""How constants lie in a TOSA file: little-endian bytes of each element type, to and from numpy arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chipsmith.tosa.graph import Array, DType

Bytes = npt.NDArray[np.uint8]

_INT48_BYTES = 6


def stored_size_bytes(elements: int, dtype: DType) -> int:
    """Bytes that a file holds for so many elements: two int4 share a byte, int48 takes six, bf16 two."""
    if dtype is DType.INT4:
        return (elements + 1) // 2
    if dtype is DType.INT48:
        return elements * _INT48_BYTES
    if dtype is DType.BF16:
        return elements * 2
    return elements * dtype.numpy.itemsize


def from_bytes(data: Bytes, shape: tuple[int, ...], dtype: DType) -> Array:
    """The read-only array of `shape` in the numpy type of `dtype`; `data` is exactly as long as stored_size_bytes."""
    elements = int(np.prod(shape, dtype=np.int64))
    array = _decode(data, elements, dtype).reshape(shape)
    array.flags.writeable = False
    return array


def _decode(data: Bytes, elements: int, dtype: DType) -> Array:
    if dtype is DType.BOOL:
        return data.astype(np.bool_)
    if dtype is DType.INT4:
        return _int4_elements(data)[:elements]
    if dtype is DType.INT48:
        return _int48_elements(data)
    if dtype is DType.BF16:
        return (data.view("<u2").astype(np.uint32) << 16).view(np.float32)
    return np.frombuffer(data.tobytes(), dtype.numpy.newbyteorder("<")).astype(dtype.numpy)


def _int4_elements(data: Bytes) -> npt.NDArray[np.int8]:
    """The low nibble comes first; each is sign-extended."""
    nibbles = np.stack([data << 4, data & 0xF0], axis=-1).reshape(-1)
    signed: npt.NDArray[np.int8] = nibbles.view(np.int8) >> 4
    return signed


def _int48_elements(data: Bytes) -> npt.NDArray[np.int64]:
    widened = np.zeros((len(data) // _INT48_BYTES, 8), np.uint8)
    widened[:, 2:] = data.reshape(-1, _INT48_BYTES)
    return widened.reshape(-1).view("<i8") >> np.int64(16)


def to_bytes(array: Array, dtype: DType) -> bytes:
    """The bytes of a file for `array`, which has the numpy type of `dtype`: the inverse of from_bytes."""
    flat = np.ascontiguousarray(array, dtype.numpy).reshape(-1)
    if dtype is DType.INT4:
        return _int4_bytes(flat)
    if dtype is DType.INT48:
        return flat.astype("<i8").view(np.uint8).reshape(-1, 8)[:, :_INT48_BYTES].tobytes()
    if dtype is DType.BF16:
        return (flat.view(np.uint32) >> 16).astype("<u2").tobytes()
    return flat.astype(dtype.numpy.newbyteorder("<")).tobytes()


def _int4_bytes(flat: Array) -> bytes:
    nibbles = np.zeros(2 * stored_size_bytes(flat.size, DType.INT4), np.uint8)
    nibbles[: flat.size] = flat.astype(np.uint8) & 0xF
    return (nibbles[0::2] | (nibbles[1::2] << 4)).tobytes()
