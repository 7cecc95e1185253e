"""A `.tosa` file read, written and read again is the same network, to us and to tosa_reference_model."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chipsmith.errors import BadInput, ChipsmithError
from chipsmith.tosa.elements import from_bytes, to_bytes
from chipsmith.tosa.file import parse_tosa, read_tosa, serialize_tosa, write_tosa
from chipsmith.tosa.graph import DType, Graph, Operator, Tensor
from chipsmith.tosa.verify import verify

DIGITS = Path(__file__).parents[1] / "networks" / "digits_cnn.tosa"


def clamp_network() -> Graph:
    """Reshape, then clamp: it has a shape constant, and an attribute that is stored as bytes."""
    tensors = (
        Tensor(name="image", shape=(1, 2, 3), dtype=DType.INT8),
        Tensor(name="flat_shape", shape=(2,), dtype=DType.SHAPE),
        Tensor(name="flat", shape=(1, 6), dtype=DType.INT8),
        Tensor(name="clamped", shape=(1, 6), dtype=DType.INT8),
    )
    limits = {"min_val": -3, "max_val": 90, "nan_mode": "PROPAGATE"}
    return Graph(
        name="clamp",
        tensors={tensor.name: tensor for tensor in tensors},
        operators=(
            Operator(kind="RESHAPE", name="flat", inputs=("image", "flat_shape"), outputs=("flat",)),
            Operator(kind="CLAMP", name="clamped", inputs=("flat",), outputs=("clamped",), attributes=limits),
        ),
        constants={"flat_shape": np.array([1, 6])},
        inputs=("image",),
        outputs=("clamped",),
    )


def assert_equal(left: Graph, right: Graph) -> None:
    assert (left.inputs, left.outputs) == (right.inputs, right.outputs)
    assert dict(left.tensors) == dict(right.tensors)
    assert left.operators == right.operators
    assert list(left.constants) == list(right.constants)
    for name, array in left.constants.items():
        np.testing.assert_array_equal(array, right.constants[name], strict=True)


def test_a_written_network_is_read_back_equal(tmp_path):
    path = tmp_path / "clamp.tosa"
    write_tosa(clamp_network(), path)
    network = read_tosa(path)
    assert network.name == "clamp"
    assert_equal(network, clamp_network())


def test_the_reference_model_runs_what_we_write(reference_model):
    image = np.array([[[-128, -4, -3], [0, 90, 127]]], np.int8)
    outputs = reference_model(clamp_network(), {"image": image})
    np.testing.assert_array_equal(outputs["clamped"], [[-3, -3, -3, 0, 90, 90]])


@pytest.mark.parametrize("dtype", list(DType))
def test_constants_of_each_type_keep_their_bits(dtype):
    values = np.array([[0, 1, 1, 0, 1]]) if dtype is DType.BOOL else np.array([[-8, -1, 0, 1, 7]])
    array = values.astype(dtype.numpy)
    stored = np.frombuffer(to_bytes(array, dtype), np.uint8)
    np.testing.assert_array_equal(from_bytes(stored, array.shape, dtype), array, strict=True)


def test_int48_constants_keep_all_48_bits():
    array = np.array([-(1 << 47), (1 << 47) - 1, -1])
    stored = np.frombuffer(to_bytes(array, DType.INT48), np.uint8)
    assert stored.size == 18
    np.testing.assert_array_equal(from_bytes(stored, (3,), DType.INT48), array)


def test_constants_are_read_only():
    network = parse_tosa(serialize_tosa(clamp_network()), "clamp")
    with pytest.raises(ValueError, match="read-only"):
        network.constants["flat_shape"][0] = 2


def test_a_missing_file_is_named():
    with pytest.raises(BadInput, match="cannot read absent"):
        read_tosa(Path("absent.tosa"))


def test_a_foreign_file_is_refused():
    with pytest.raises(BadInput, match="photo: is not a TOSA file"):
        parse_tosa(b"\x89PNG\r\n\x1a\n" * 20, "photo")


def test_an_unwritable_place_is_named_and_nothing_is_left(tmp_path):
    with pytest.raises(BadInput, match="nowhere"):
        write_tosa(clamp_network(), tmp_path / "nowhere" / "clamp.tosa")
    assert list(tmp_path.iterdir()) == []


def test_a_file_truncated_anywhere_is_bad_input():
    data = serialize_tosa(clamp_network())
    for length in range(0, len(data) - 8, 11):
        with pytest.raises(BadInput, match="clamp: "):
            parse_tosa(data[:length], "clamp")


@given(position=st.integers(min_value=0), byte=st.integers(0, 255))
def test_a_damaged_file_never_ends_in_a_traceback(position, byte):
    data = bytearray(serialize_tosa(clamp_network()))
    data[position % len(data)] = byte
    with contextlib.suppress(ChipsmithError):
        assert isinstance(parse_tosa(bytes(data), "clamp"), Graph)


@settings(deadline=None, max_examples=300)
@given(position=st.integers(0, 12_000), byte=st.integers(0, 255))
def test_a_damaged_network_is_read_and_checked_without_a_traceback(position, byte):
    data = bytearray(DIGITS.read_bytes())
    data[position] = byte
    with contextlib.suppress(ChipsmithError):
        verify(parse_tosa(bytes(data), "digits"))
