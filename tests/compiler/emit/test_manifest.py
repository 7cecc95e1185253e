"""Buffers and kernels by the indices of their instructions."""

from __future__ import annotations

from nets import Net

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_stages
from chipsmith.compiler.schedule.schedule import Role
from chipsmith.tosa.graph import DType


def test_kernels_and_buffers_name_their_instructions():
    net = Net(x=(1, 4, 4, 3))
    wide = net.conv("x", net.constant([[[[1, 2, 3]]]] * 8), (1, 4, 4, 8))
    narrow = net.rescale(wide, DType.INT8, shift=38)
    graph = net.graph(net.add("BITWISE_NOT", (narrow,), (1, 4, 4, 8)))
    compilation = compile_stages(graph, load_chip("nano-64"))
    items, manifest = compilation.schedule.items, compilation.program.manifest
    steps = [index for index, item in enumerate(items) if item.role is Role.STEP]
    assert [index for kernel in manifest.kernels for index in kernel.instructions] == steps
    between = next(buffer for buffer in manifest.buffers if buffer.name == narrow)
    assert (between.first_instruction, between.last_instruction) == tuple(steps)
