"""A network that the external memory cannot hold is refused before any work."""

from __future__ import annotations

import pytest
from nets import Net

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_canonical
from chipsmith.compiler.errors import DoesNotFit


def test_ports_beyond_the_external_memory_are_refused_by_name():
    net = Net(x=(1, 1024, 1024, 1))
    graph = net.graph(net.rescale("x", net.tensors["x"].dtype, shift=31))
    one_mib = load_chip("nano-64", {"external.size_mib": "1"})
    with pytest.raises(DoesNotFit, match=r"2097152 bytes of inputs, outputs and constants.*1048576.*external.size_mib"):
        compile_canonical(graph, one_mib)
