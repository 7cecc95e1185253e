"""Networks larger than the memory: what is spilled, the windows of its slices, and the same bits."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest
from nets import Net, random_int8

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.compiler.errors import DoesNotFit
from chipsmith.compiler.fuse.fuse_graph import fuse_graph
from chipsmith.compiler.lower.lower_graph import lower_graph
from chipsmith.compiler.spill.dma_region import DmaRegion
from chipsmith.compiler.spill.footprint import footprint_of, tile_step
from chipsmith.compiler.spill.live_range import AT_ENTRY
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
    smaller = net.add("MAX_POOL2D", ("x",), (1, 16, 16, 8), nan_mode="PROPAGATE", **window)
    turned = net.add("REVERSE", (net.transpose(smaller, 0, 2, 1, 3),), (1, 16, 16, 8), axis=2)
    return net.graph(net.add("TABLE", (turned, net.constant(random_int8(256))), (1, 16, 16, 8)))


def two_outputs():
    """A spilled tensor with two readers, one of which is the outside."""
    net = Net(x=(1, 16, 16, 4), z=(1, 16, 16, 8))
    left = convolved(net, "x", 8)
    joined = net.add("CONCAT", (left, "z"), (1, 16, 16, 16), axis=3)
    return net.graph(left, convolved(net, joined, 4, size=1))


NETWORKS = {make.__name__: make for make in (hourglass, residual, pooled, two_outputs)}


def lower(graph, chip=NANO):
    return lower_graph(fuse_graph(canonicalize(graph)), chip)


def test_what_fits_is_neither_spilled_nor_cut():
    graph = hourglass()
    plan = plan_whole(lower(graph))
    assert plan.spilled == plan.streamed == ()
    assert [(transfer.buffer, transfer.step) for transfer in plan.imports] == [("x", 0)]
    assert [(transfer.buffer, transfer.step) for transfer in plan.exports] == [(graph.outputs[0], len(plan.steps) - 1)]


def test_the_largest_that_live_at_the_peak_are_spilled():
    graph = hourglass()
    wide = lower(graph).kernels[0].steps[0].operands[1].buffer
    assert choose_spilled(lower(graph), budget_bytes=6000) == ()
    # Half of 5,000 bytes is left to windows: input and output fit the other half.
    assert choose_spilled(lower(graph), budget_bytes=5000) == (wide,)
    assert set(choose_spilled(lower(graph), budget_bytes=1000)) == {"x", wide, graph.outputs[0]}


def windows_of(plan, transfers):
    windows = defaultdict(list)
    for transfer in transfers:
        windows[transfer.tensor].append(bytes_of(transfer.region))
    return {name: windows[name] for name in plan.spilled if name in windows}


@pytest.mark.parametrize("network", NETWORKS)
def test_slices_write_each_byte_of_a_spilled_tensor(network):
    chip = small_chip(groups=4, group_bytes=1024)
    lowered = lower(NETWORKS[network](), chip)
    plan = plan_tiled(lowered, chip, budget_bytes=3000)
    assert plan.spilled
    ports = {view.buffer for view in lowered.inputs.values()}
    for name, windows in windows_of(plan, plan.exports).items():
        assert set().union(*windows) == set(range(lowered.buffers[name].size_bytes))
        assert name not in ports


@pytest.mark.parametrize("network", NETWORKS)
def test_a_window_is_read_when_its_last_writer_has_run(network):
    chip = small_chip(groups=4, group_bytes=1024)
    plan = plan_tiled(lower(NETWORKS[network](), chip), chip, budget_bytes=3000)
    for wanted in plan.imports:
        writers = [
            other.step
            for other in plan.exports
            if other.tensor == wanted.tensor and other.step < wanted.step and overlaps(wanted, other)
        ]
        assert wanted.after >= max(writers, default=AT_ENTRY)
        assert wanted.after < wanted.step


def overlaps(transfer, other):
    return not bytes_of(transfer.region).isdisjoint(bytes_of(other.region))


def bytes_of(region):
    """The bytes of a buffer that a region holds."""
    starts = range(region.low, region.low + region.rows * max(region.pitch, 1), max(region.pitch, 1))
    return {byte for start in starts for byte in range(start, start + region.row_bytes)}


def test_what_no_slice_makes_fit_is_refused_with_its_kernel():
    net = Net(x=(1, 1, 1, 6000))
    graph = net.graph(convolved(net, "x", 8, size=1))
    chip = small_chip(groups=2, group_bytes=1024)
    with pytest.raises(DoesNotFit, match=r"kernel k0:\w+ needs \d+ bytes at once .* small has \d+ bytes for it"):
        plan_tiled(lower(graph, chip), chip, budget_bytes=1000)


@pytest.mark.parametrize(("groups", "group_bytes"), [(3, 1024), (8, 512), (2, 2048), (6, 1024)])
@pytest.mark.parametrize("network", NETWORKS)
def test_sliced_networks_are_exact(network, groups, group_bytes):
    graph, chip = NETWORKS[network](), small_chip(groups=groups, group_bytes=group_bytes)
    program = compile_graph(graph, chip)
    verify_program(program)
    assert max(span.address + span.size_bytes for span in program.manifest.buffers) <= chip.memory_bytes
    inputs = {name: random_int8(2, *graph.tensor(name).shape, seed=5) for name in graph.inputs}
    outputs = execute(program, {name: array.reshape(-1, *array.shape[2:]) for name, array in inputs.items()})
    for name, wanted in evaluate_batch(graph, inputs).items():
        np.testing.assert_array_equal(outputs[name], wanted.reshape(outputs[name].shape))


def test_a_pooling_is_cut_by_rows_for_parts_of_the_channels_would_share_atoms():
    # 16 x 16 pixels of 32 channels; nano-64 moves atoms of 32 bytes, a whole pixel at least.
    net = Net(x=(1, 18, 18, 32))
    window = {"kernel": (3, 3), "stride": (1, 1), "pad": (0, 0, 0, 0)}
    pooled = net.add("MAX_POOL2D", ("x",), (1, 16, 16, 32), nan_mode="PROPAGATE", **window)
    (step,) = lower(net.graph(pooled)).steps
    parts = list(tile_step(step, ("x", pooled), room_bytes=5000, chip=NANO))
    regions = [region for part in parts for region in footprint_of([part], ("x", pooled)).values()]
    assert len(parts) > 3
    assert all(region.row_bytes % 32 == 0 for region in regions)
    assert sum(region.moved_bytes(NANO.external.atom_bytes) for region in regions) == sum(
        region.size_bytes for region in regions
    )


def test_a_region_moves_the_atoms_of_each_row():
    # Rows of 8 bytes at 28, 44, 60, 76, 92; each second one crosses a border of 32.
    region = DmaRegion(low=28, rows=5, row_bytes=8, pitch=16)
    assert region.size_bytes == 40
    assert region.moved_bytes(NANO.external.atom_bytes) == 32 * (2 + 1 + 2 + 1 + 2)


def test_the_next_window_comes_while_this_one_is_worked_on():
    graph = hourglass()
    program = compile_graph(graph, small_chip(groups=6, group_bytes=512))
    assert sum(isinstance(instruction, Store) for instruction in program.instructions) > 4
    kinds = [type(instruction) for instruction in program.instructions if not is_page_load(instruction)]
    assert any(pair == (Load, Load) for pair in itertools.pairwise(kinds))


def is_page_load(instruction):
    return isinstance(instruction, Load) and instruction.space is Space.PAGE
