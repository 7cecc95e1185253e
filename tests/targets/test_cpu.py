"""The target cpu: runtimes, precisions and threads, each beside the author's network and the chip's bits."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from small_networks import decibels, small_network
from tflite_files import FileWriter, Scaled, run_reference

from chipsmith.chip import load_chip
from chipsmith.errors import BadInput
from chipsmith.frontends.registry import load_model
from chipsmith.runtimes import runtime as runtimes
from chipsmith.runtimes.processor import describe_processor
from chipsmith.runtimes.runtime import Runtime
from chipsmith.targets import Precision, TargetOptions, TimedNetwork, load_target

NANO = load_chip("nano-64")
DIGITS = str(Path(__file__).parents[1] / "networks" / "digits_cnn.tosa")
OF_MODULES = (Runtime.ONNXRUNTIME, Runtime.ONNXRUNTIME_SIGNED, Runtime.OPENVINO)


def cpu(**options):
    return load_target("cpu", NANO, TargetOptions(**options))


@pytest.fixture
def tflite(tmp_path) -> str:
    """A convolution in int8, rectified, with a scale for each channel; its weights are small: no product saturates."""
    random, writer = np.random.default_rng(3), FileWriter()
    scales = random.uniform(0.008, 0.04, 8).astype(np.float32)
    image = writer.tensor((1, 8, 8, 3), "int8", Scaled(0.05, 3), name="image")
    weights = writer.constant(random.integers(-31, 32, (8, 3, 3, 3)), "int8", Scaled(scales, [0] * 8, 0))
    bias = writer.constant(random.integers(-500, 500, 8), "int32", Scaled(scales * np.float32(0.05), [0] * 8))
    result = writer.tensor((1, 8, 8, 8), "int8", Scaled(0.04, -128), name="result")
    fields = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1, "padding": 0}
    writer.operator("CONV_2D", [image, weights, bias], [result], "Conv2DOptions", fields)
    return str(writer.write(tmp_path / "edge.tflite", [image], [result]))


@pytest.mark.parametrize("runtime", OF_MODULES)
@pytest.mark.parametrize("name", ["convolutions", "attention", "bag"])
def test_in_float32_the_authors_network_is_computed(name, runtime):
    network, inputs = small_network(name)
    target = cpu(runtime=runtime, precision=Precision.FLOAT32, threads=1)
    (outputs,), (exact,) = target.prepare(network).run(inputs), network.source.run(inputs)
    assert np.abs(outputs - exact).max() <= 1e-5 * np.abs(exact).max()


@pytest.mark.parametrize("runtime", [Runtime.ONNXRUNTIME, Runtime.ONNXRUNTIME_SIGNED])
@pytest.mark.parametrize("name", ["convolutions", "decoder", "attention", "recurrent", "bag"])
def test_in_int8_the_runtime_rounds_as_the_chip_does(name, runtime):
    """Where they differ, a value lay between two integers: 15 dB below what the rounding to int8 is itself."""
    network, inputs = small_network(name)
    (outputs,) = cpu(runtime=runtime, threads=1).prepare(network).run(inputs)
    (npu,) = load_target("npu", NANO).prepare(network).run(inputs)
    (exact,) = network.source.run(inputs)
    assert decibels(outputs, npu) >= decibels(npu, exact) + 15


@pytest.mark.parametrize("name", ["convolutions", "bag"])
def test_openvino_in_int8_is_near(name):
    """On a processor without VNNI its products saturate, which the target says; sums keep their zero points."""
    network, inputs = small_network(name)
    target = cpu(runtime=Runtime.OPENVINO, threads=1)
    (outputs,), (exact,) = target.prepare(network).run(inputs), network.source.run(inputs)
    assert decibels(outputs, exact) >= 20
    assert ("saturate" in target.obtained) == (not describe_processor().sums_int8_products)


@pytest.mark.parametrize("runtime", Runtime)
def test_an_int8_tflite_file_is_taken_by_all(tflite, runtime):
    """LiteRT's reference kernels are the witness: what differs is a step."""
    network = load_model(tflite)
    images = np.random.default_rng(0).integers(-128, 128, (8, 8, 8, 3)).astype(np.int8)
    (outputs,) = cpu(runtime=runtime, threads=1).prepare(network).run(images)
    exact = run_reference(Path(tflite), images[:, None])[0].reshape(outputs.shape)
    assert outputs.dtype == np.int8
    assert np.abs(outputs.astype(int) - exact).max() <= 1


def count_threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc, which Linux alone has")
@pytest.mark.parametrize("threads", [1, 3])
def test_onnxruntime_gets_the_threads(threads):
    """The caller's own thread is among them."""
    network, inputs = small_network("convolutions")
    before = count_threads()
    prepared = cpu(threads=threads).prepare(network)
    prepared.run(inputs)
    assert count_threads() - before == threads - 1


def test_all_threads_of_the_process_are_the_default():
    assert cpu().threads == describe_processor().cores


def test_inferences_can_be_timed():
    network, inputs = small_network("bag")
    prepared = cpu(threads=1).prepare(network)
    assert isinstance(prepared, TimedNetwork)
    latency = prepared.time(inputs, inferences=20)
    assert latency.samples_us.shape == (20,)
    assert 0 < latency.p50_us <= latency.p99_us


def test_it_says_what_computed_the_answers():
    obtained = cpu(runtime="onnxruntime", threads=1).obtained
    assert obtained.startswith("onnxruntime ")
    assert "int8, 1 thread, " in obtained
    assert all(extension in obtained for extension in describe_processor().simd)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"runtime": "tvm"}, "no runtime 'tvm'; there are: onnxruntime, onnxruntime-signed, openvino, litert"),
        ({"threads": 0}, "0 threads compute nothing: give 1 or more"),
        ({"board": "mps2-an386"}, "target cpu does not take board: it takes runtime, precision, threads"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    with pytest.raises(BadInput, match=message):
        cpu(**options)


def test_what_a_runtime_cannot_do_is_refused_with_what_would_do(tflite):
    module, _ = small_network("bag")
    digits, file = load_model(DIGITS), load_model(tflite)
    refusals = [
        (
            cpu(runtime="litert").refuses(module),
            "no .tflite file, which alone LiteRT reads: give --runtime onnxruntime",
        ),
        (cpu(runtime="openvino").refuses(digits), "integer graph.*give --runtime onnxruntime"),
        (cpu(precision=Precision.FLOAT32).refuses(digits), "no form in float32; give --precision int8"),
        (cpu(precision=Precision.FLOAT32).refuses(file), "no form in float32; give --precision int8"),
    ]
    for reasons, message in refusals:
        assert len(reasons) == 1
        assert re.search(message, reasons[0]), reasons


def test_a_runtime_that_is_not_installed_is_missing_with_the_command_that_mends_it(monkeypatch):
    monkeypatch.setattr(runtimes, "find_spec", lambda _: None)
    (missing,) = cpu(runtime="openvino").missing()
    assert (missing.name, missing.mend) == ("openvino", "pip install 'chipsmith[cpu]'")
