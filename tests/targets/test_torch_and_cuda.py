"""The author's module in PyTorch's eager mode: on the processor, and on a CUDA device where there is one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from small_networks import small_network

from chipsmith.chip import load_chip
from chipsmith.errors import BadInput
from chipsmith.frontends.pytorch.network import lower_module
from chipsmith.frontends.registry import load_model
from chipsmith.targets import Precision, TargetOptions, load_target

NANO = load_chip("nano-64")
DIGITS = str(Path(__file__).parents[1] / "networks" / "digits_cnn.tosa")


class Noting(torch.nn.Module):
    """Writes down how many threads it is run with, and into its own input."""

    def __init__(self):
        super().__init__()
        self.dense, self.threads = torch.nn.Linear(4, 2), []

    def forward(self, x):
        if not torch.compiler.is_compiling():
            self.threads.append(torch.get_num_threads())
        return self.dense(x)


@pytest.mark.parametrize("name", ["convolutions", "attention", "bag"])
def test_the_authors_outputs_come_from_the_authors_module(name):
    network, inputs = small_network(name)
    (outputs,) = load_target("torch", NANO).prepare(network).run(inputs)
    (exact,) = network.source.run(inputs)
    assert np.abs(outputs - exact).max() <= 1e-5 * np.abs(exact).max()


def test_threads_are_set_while_it_runs_and_then_as_they_were():
    module, inputs = Noting().eval(), np.random.default_rng(0).normal(size=(16, 4)).astype(np.float32)
    network = lower_module(module, (torch.zeros(1, 4),), (inputs,), name="noting")
    before = torch.get_num_threads()
    module.threads.clear()
    load_target("torch", NANO, TargetOptions(threads=before + 2)).prepare(network).run(inputs[:3])
    assert network.source.module.threads == [before + 2] * 3
    assert torch.get_num_threads() == before


def test_inferences_can_be_timed():
    network, inputs = small_network("bag")
    latency = load_target("torch", NANO, TargetOptions(threads=1)).prepare(network).time(inputs, inferences=5)
    assert latency.samples_us.shape == (5,)


@pytest.mark.parametrize("name", ["torch"])
def test_what_is_no_module_is_refused_with_what_runs_it(name):
    (reason,) = load_target(name, NANO).refuses(load_model(DIGITS))
    assert "'digits_cnn' is no PyTorch module" in reason
    assert "--target cpu" in reason


def test_options_that_they_do_not_take_are_refused():
    with pytest.raises(BadInput, match="target torch does not take precision: it takes threads"):
        load_target("torch", NANO, TargetOptions(precision=Precision.FLOAT32))
    with pytest.raises(BadInput, match="target cuda does not take threads: it takes precision"):
        load_target("cuda", NANO, TargetOptions(threads=1))
    with pytest.raises(BadInput, match="target cuda computes in float32, not int8"):
        load_target("cuda", NANO, TargetOptions(precision=Precision.INT8))


def test_on_a_device_the_outputs_are_the_modules_and_elsewhere_it_is_said_what_is_missing():
    network, inputs = small_network("convolutions")
    target = load_target("cuda", NANO)
    if not torch.cuda.is_available():
        assert target.missing() != ()
        (reason,) = target.refuses(network)
        assert "cannot run 'convolutions' on a CUDA device: " in reason
        assert "missing" in reason
        assert "--target torch" in reason
        return
    assert target.missing() == ()
    prepared = target.prepare(network)
    (outputs,), (exact,) = prepared.run(inputs), network.source.run(inputs)
    assert np.abs(outputs - exact).max() <= 1e-4 * np.abs(exact).max()
    assert next(network.source.module.parameters()).device.type == "cpu"
    assert prepared.time(inputs, inferences=10).p50_us > 0
    assert torch.cuda.get_device_name() in target.obtained
