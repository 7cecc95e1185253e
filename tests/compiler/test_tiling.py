"""Networks larger than the memory: what is spilled, the windows of its slices, and the same bits."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest
from nets import Net, random_int8

from chipsmith.chip import load_chip
from chipsmith.compiler.allocate.activations import BEFORE, DoesNotFit
from chipsmith.compiler.compile import compile_graph
from chipsmith.compiler.lower.lower_graph import build
from chipsmith.compiler.spill.plan import choose_spilled, plan_tiled, plan_whole
from chipsmith.program.instructions import Load, Space, Store
from chipsmith.program.verify import verify_program
from chipsmith.sim.functional import execute
from chipsmith.tosa.graph import DType
from chipsmith.tosa.passes.canonicalize import canonicalize
from chipsmith.tosa.reference import evaluate_batch

NANO = load_chip("nano-64")


def small_chip(*, groups, group_bytes):
    return load_chip("nano-64", {"memory.groups": str(groups), "memory.group_bytes": str(group_bytes), "name": "small"})


def convolved(net, source, channels, *, size=3):
    images, height, width, depth = net.tensors[source].shape
    weights = net.constant(random_int8(channels, size, size, depth, seed=len(net.tensors)))
    out = (images, height, width, channels)
    wide = net.conv(source, weights, out, pad=(size // 2,) * 4, input_zp=-3)
    return net.rescale(wide, DType.INT8, multiplier=1518500250, shift=42, zero_points=(0, 5))


def hourglass():
    """2 images: 768 bytes, 4,096 bytes, 1,024 bytes, each from a convolution of 3 x 3."""
    net = Net(x=(2, 16, 8, 3))
    wide = convolved(net, "x", 16)
    return net.graph(convolved(net, wide, 4))


def residual():
    """An input of 2,048 bytes, added to two convolutions of it."""
    net = Net(x=(1, 16, 16, 8))
    y = convolved(net, convolved(net, "x", 8), 8)
    sides = [net.rescale(name, DType.INT32, shift=20) for name in (y, "x")]
    total = net.add("ADD", sides, (1, 16, 16, 8), DType.INT32)
    return net.graph(net.rescale(total, DType.INT8, multiplier=(1 << 30) + 9, shift=41))


def pooled():
    """Overlapping windows with padding, then a transpose and a table: kernels of the vector engine alone."""
    net = Net(x=(1, 16, 16, 8))
    window = {"kernel": (3, 3), "stride": (1, 1), "pad": (1, 1, 1, 1)}
    one = net.add("MAX_POOL2D", ("x",), (1, 16, 16, 8), nan_mode="PROPAGATE", **window)
    turned = net.add("REVERSE", (net.transpose(one, 0, 2, 1, 3),), (1, 16, 16, 8), axis=2)
    return net.graph(net.add("TABLE", (turned, net.constant(random_int8(256))), (1, 16, 16, 8)))


def two_outputs():
    """A spilled tensor with two readers, one of which is the outside."""
    net = Net(x=(1, 16, 16, 4), z=(1, 16, 16, 8))
    one = convolved(net, "x", 8)
    joined = net.add("CONCAT", (one, "z"), (1, 16, 16, 16), axis=3)
    return net.graph(one, convolved(net, joined, 4, size=1))


NETWORKS = {made.__name__: made for made in (hourglass, residual, pooled, two_outputs)}


def built(graph, chip=NANO):
    return build(canonicalize(graph), chip)


def test_what_fits_is_neither_spilled_nor_cut():
    graph = hourglass()
    plan = plan_whole(built(graph))
    assert plan.spilled == plan.streamed == ()
    assert [(one.buffer, one.step) for one in plan.imports] == [("x", 0)]
    assert [(one.buffer, one.step) for one in plan.exports] == [(graph.outputs[0], len(plan.steps) - 1)]


def test_the_largest_that_live_at_the_peak_are_spilled():
    graph = hourglass()
    wide = built(graph).kernels[0].steps[0].operands[1].buffer
    assert choose_spilled(built(graph), budget_bytes=6000) == ()
    # Half of 5,000 bytes is left to windows: input and output fit the other half.
    assert choose_spilled(built(graph), budget_bytes=5000) == (wide,)
    assert set(choose_spilled(built(graph), budget_bytes=1000)) == {"x", wide, graph.outputs[0]}


def windows_of(plan, transfers):
    found = defaultdict(list)
    for one in transfers:
        found[one.tensor].append(bytes_of(one.box))
    return {name: found[name] for name in plan.spilled if name in found}


@pytest.mark.parametrize("network", NETWORKS)
def test_slices_write_each_byte_of_a_spilled_tensor(network):
    chip = small_chip(groups=4, group_bytes=1024)
    made = built(NETWORKS[network](), chip)
    plan = plan_tiled(made, chip, budget_bytes=3000)
    assert plan.spilled
    ports = {view.buffer for view in made.inputs.values()}
    for name, windows in windows_of(plan, plan.exports).items():
        assert set().union(*windows) == set(range(made.buffers[name].size_bytes))
        assert name not in ports


@pytest.mark.parametrize("network", NETWORKS)
def test_a_window_is_read_when_its_last_writer_has_run(network):
    chip = small_chip(groups=4, group_bytes=1024)
    plan = plan_tiled(built(NETWORKS[network](), chip), chip, budget_bytes=3000)
    for one in plan.imports:
        writers = [
            other.step
            for other in plan.exports
            if other.tensor == one.tensor and other.step < one.step and meets(one, other)
        ]
        assert one.after >= max(writers, default=BEFORE)
        assert one.after < one.step


def meets(one, other):
    return not bytes_of(one.box).isdisjoint(bytes_of(other.box))


def bytes_of(box):
    """The bytes of a buffer that a box holds."""
    starts = range(box.low, box.low + box.rows * max(box.pitch, 1), max(box.pitch, 1))
    return {byte for start in starts for byte in range(start, start + box.row_bytes)}


def test_what_no_slice_makes_fit_is_refused_with_its_kernel():
    net = Net(x=(1, 1, 1, 6000))
    graph = net.graph(convolved(net, "x", 8, size=1))
    chip = small_chip(groups=2, group_bytes=1024)
    with pytest.raises(DoesNotFit, match=r"kernel k0:\w+ needs \d+ bytes at once .* small has \d+ bytes for it"):
        plan_tiled(built(graph, chip), chip, budget_bytes=1000)


@pytest.mark.parametrize(("groups", "group_bytes"), [(3, 1024), (8, 512), (2, 2048), (6, 1024)])
@pytest.mark.parametrize("network", NETWORKS)
def test_sliced_networks_are_exact(network, groups, group_bytes):
    graph, chip = NETWORKS[network](), small_chip(groups=groups, group_bytes=group_bytes)
    program = compile_graph(graph, chip)
    verify_program(program)
    assert max(span.address + span.size_bytes for span in program.manifest.buffers) <= chip.memory_bytes
    inputs = {name: random_int8(2, *graph.tensor(name).shape, seed=5) for name in graph.inputs}
    found = execute(program, {name: array.reshape(-1, *array.shape[2:]) for name, array in inputs.items()})
    for name, wanted in evaluate_batch(graph, inputs).items():
        np.testing.assert_array_equal(found[name], wanted.reshape(found[name].shape))


def test_the_next_window_comes_while_this_one_is_worked_on():
    graph = hourglass()
    program = compile_graph(graph, small_chip(groups=6, group_bytes=512))
    assert sum(isinstance(one, Store) for one in program.instructions) > 4
    kinds = [type(one) for one in program.instructions if not is_page_load(one)]
    assert any(pair == (Load, Load) for pair in itertools.pairwise(kinds))


def is_page_load(one):
    return isinstance(one, Load) and one.space is Space.PAGE
