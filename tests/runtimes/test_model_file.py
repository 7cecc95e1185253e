"""Which file a runtime gets: the author's own where it stands, its bytes where there are no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from chipsmith.frontends.registry import load_model
from chipsmith.kernels.build import build_kernel
from chipsmith.kernels.catalogue import find_kind
from chipsmith.runtimes.model_file import find_float_file
from chipsmith.runtimes.runtime import Runtime


@pytest.fixture(scope="module")
def kernel():
    return build_kernel(find_kind("softmax"), {"input": "2x5"})


def test_a_network_of_bytes_alone_has_no_path(kernel):
    network = kernel.as_onnx()
    file = find_float_file(network, Runtime.OPENVINO)
    assert (file.path, file.data) == (None, network.source.model.data)


def test_a_file_that_stands_somewhere_is_read_there(kernel, tmp_path):
    path = tmp_path / "softmax.onnx"
    path.write_bytes(kernel.as_onnx().source.model.data)
    network = load_model(str(path), kernel.network.examples[0])
    assert find_float_file(network, Runtime.ONNXRUNTIME).path == Path(path)
