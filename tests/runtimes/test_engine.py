"""A network in an engine: batches along axis 0 are calls after one another, and a time is that of one call."""

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_io import AuthorTensor
from chipsmith.runtimes.engine import RuntimeNetwork


class Summing:
    """Adds to what it keeps the sum of its first input, and gives both inputs' sum too."""

    def __init__(self):
        self.total, self.calls = 0.0, []

    def infer(self, inputs):
        self.calls.append(inputs)
        self.total += float(inputs[0].sum())
        return [np.float32(self.total), inputs[0] + inputs[1]]

    def reset(self):
        self.total = 0.0


@pytest.fixture
def network() -> RuntimeNetwork:
    ports = (("a", (2, 3)), ("b", (1,)))
    inputs = tuple(AuthorTensor(name=name, dtype=np.dtype("float32"), shape=shape) for name, shape in ports)
    return RuntimeNetwork(engine=Summing(), inputs=inputs)


def test_batches_are_calls_in_order_and_a_state_begins_anew_with_each_run(network):
    a, b = np.ones((6, 3), np.float32), np.array([0, 10, 20], np.float32)
    for _ in range(2):
        totals, sums = network.run(a, b)
        assert totals.tolist() == [6, 12, 18]
        assert sums[:, 0].tolist() == [1, 1, 11, 11, 21, 21]


def test_inputs_reach_the_engine_in_its_type_and_without_gaps(network):
    network.run(np.ones((3, 2), np.float64).T, np.zeros(1))
    (a, b), *_ = network.engine.calls
    assert (a.dtype, b.dtype, a.flags.c_contiguous) == (np.float32, np.float32, True)


def test_a_time_is_that_of_calls_with_the_first_batch(network):
    latency = network.time(np.arange(12, dtype=np.float32).reshape(4, 3), np.zeros(2, np.float32), inferences=7)
    assert latency.samples_us.shape == (7,)
    assert all(np.array_equal(a, np.arange(6).reshape(2, 3)) for a, _ in network.engine.calls)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([np.ones((2, 3))], "takes 2 inputs \\(a, b\\), 1 were given"),
        ([np.ones((2, 4)), np.ones(1)], "\\[2, 4\\] do not fit input 'a' of the network, which takes \\[2, 3\\]"),
        ([np.ones((3, 3)), np.ones(1)], "do not fit input 'a'"),
        ([np.ones((4, 3)), np.ones(1)], "different numbers of inferences: a 2, b 1"),
        ([np.ones((0, 3)), np.ones(0)], "do not fit input 'a'"),
    ],
)
def test_what_does_not_fit_is_refused(network, inputs, message):
    with pytest.raises(BadInput, match=message):
        network.run(*inputs)
