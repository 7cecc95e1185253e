"""Buffers and kernels by the indices of their instructions."""

from __future__ import annotations

import pytest
from nets import Net

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_stages
from chipsmith.compiler.emit.manifest import peak_bytes
from chipsmith.compiler.schedule.schedule import Role
from chipsmith.program.program import BufferSpan
from chipsmith.tosa.graph import DType


def span(size_bytes, first, last):
    return BufferSpan(name="t", address=0, size_bytes=size_bytes, first_instruction=first, last_instruction=last)


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], 0),
        ([span(100, 0, 3), span(50, 4, 9)], 100),
        ([span(100, 0, 3), span(50, 3, 9)], 150),
        ([span(10, 0, 9), span(20, 1, 2), span(30, 2, 3), span(40, 4, 5)], 60),
    ],
)
def test_the_peak_is_what_lives_at_once(spans, expected):
    assert peak_bytes(spans) == expected


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
