"""Int8 .tflite networks have the bits of LiteRT's reference kernels; everything else is refused in one line."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from chipsmith import extras
from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.frontends.tflite.network import load_tflite
from chipsmith.tosa.graph import DType

IMAGES = 20


@pytest.mark.parametrize("network", ["ic_resnet8", "kws_dscnn", "vww_96"])
def test_network_has_the_bits_of_litert(network, shared_data, reference_model):
    path = shared_data / "mlperf_tiny" / f"{network}_int8.tflite"
    loaded = load_tflite(path)
    (source,), (result,) = loaded.graph.inputs, loaded.graph.outputs
    shape = loaded.graph.tensor(source).shape
    images = np.random.default_rng(1).integers(-128, 128, (IMAGES, *shape[1:]), np.int8)
    ours = [reference_model(loaded.graph, {source: image[None]})[result] for image in images]
    (expected,) = loaded.source.run(images)
    np.testing.assert_array_equal(np.concatenate(ours), expected)


def test_operators_bear_the_name_of_the_files_tensor(shared_data):
    network = load_tflite(shared_data / "mlperf_tiny" / "ic_resnet8_int8.tflite")
    convolutions = [op.name for op in network.graph.operators if op.kind == "CONV2D"]
    names = [network.operator_names[name] for name in convolutions]
    assert len(names) == 10
    assert all("conv2d" in name for name in names[:-1])
    assert "dense" in names[-1]
    assert set(network.operator_names) <= {op.name for op in network.graph.operators}


def test_open_batch_becomes_one(shared_data):
    graph = load_tflite(shared_data / "mlperf_tiny" / "ad01_int8.tflite").graph
    (source,) = graph.inputs
    assert graph.tensor(source).shape == (1, 640)
    assert graph.tensor(source).dtype is DType.INT8
    assert graph.name == "ad01_int8"


def test_float_network_needs_a_calibration(shared_data):
    with pytest.raises(BadInput, match=r"ic_resnet8_fp32\.tflite is a float network and needs --calibration x\.npy"):
        load_tflite(shared_data / "mlperf_tiny" / "ic_resnet8_fp32.tflite")


def test_missing_library_is_named_with_the_mend(monkeypatch, shared_data):
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    with pytest.raises(BadInput, match=r"is not installed; mend: pip install 'chipsmith\[tflite\]'"):
        load_tflite(shared_data / "mlperf_tiny" / "ad01_int8.tflite")


def test_missing_file_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"cannot read .*no\.tflite: No such file"):
        load_tflite(tmp_path / "no.tflite")


def test_foreign_file_is_refused(tmp_path):
    foreign = tmp_path / "foreign.tflite"
    foreign.write_text("not a network")
    with pytest.raises(BadInput, match=r"foreign\.tflite is not a TensorFlow Lite file"):
        load_tflite(foreign)


@pytest.mark.parametrize("kept", [9, 100, 1_000, 40_000, 90_000, 98_000])
def test_truncated_file_is_refused(kept, shared_data, tmp_path):
    whole = (shared_data / "mlperf_tiny" / "ic_resnet8_int8.tflite").read_bytes()
    part = tmp_path / "part.tflite"
    part.write_bytes(whole[:kept])
    with pytest.raises(BadInput, match=r"part\.tflite is damaged or truncated"):
        load_tflite(part)


def test_operator_that_its_operands_do_not_fit_is_refused_in_one_line(shared_data, tmp_path):
    network = tmp_path / "odd.tflite"
    network.write_bytes(with_other_softmax((shared_data / "mlperf_tiny" / "ic_resnet8_int8.tflite").read_bytes()))
    words = r"operator 15, UNIDIRECTIONAL_SEQUENCE_LSTM of tensor .Identity_int8., is refused: its operands"
    with pytest.raises(OperatorRefused, match=words) as refusal:
        load_tflite(network)
    assert "\n" not in str(refusal.value)


def with_other_softmax(data: bytes) -> bytes:
    """The file with the operator code of SOFTMAX turned into that of a sequence LSTM."""
    changed = bytearray(data)
    model = schema.Model.GetRootAsModel(changed, 0)
    for code in (model.OperatorCodes(index) for index in range(model.OperatorCodesLength())):
        if code.DeprecatedBuiltinCode() == schema.BuiltinOperator.SOFTMAX:
            changed[code._tab.Pos + code._tab.Offset(4)] = schema.BuiltinOperator.UNIDIRECTIONAL_SEQUENCE_LSTM
    return bytes(changed)
