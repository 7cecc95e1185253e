"""Every operator has one row that says where it went."""

from __future__ import annotations

from nets import Net

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_canonical, compile_graph
from chipsmith.compiler.network import compile_network
from chipsmith.program.program import Placed
from chipsmith.tosa.graph import DType

CHIP = load_chip("nano-64")


def placed(program):
    return [(row.kind, row.placed) for row in program.manifest.operators]


def test_each_engine_and_each_view_is_named():
    net = Net(x=(1, 4, 4, 3))
    wide = net.conv("x", net.constant([[[[1, 2, 3]]]] * 8), (1, 4, 4, 8))
    narrow = net.rescale(wide, DType.INT8, shift=38)
    joined = net.add("CONCAT", (narrow, net.transpose(narrow, 0, 2, 1, 3)), (1, 4, 4, 16), axis=3)
    program = compile_graph(net.graph(net.add("BITWISE_NOT", (joined,), (1, 4, 4, 16))), CHIP)
    assert placed(program) == [
        ("CONV2D", Placed.TENSOR),
        ("RESCALE", Placed.TENSOR),
        ("TRANSPOSE", Placed.VIEW),
        ("CONCAT", Placed.VIEW),
        ("BITWISE_NOT", Placed.VECTOR),
    ]
    assert program.manifest.operators[0].reason == "fused with RESCALE"
    assert program.manifest.operators[-1].reason == "an instruction of its own"


def test_a_rescale_that_two_kernels_compute_is_placed_with_the_first():
    net = Net(x=(1, 4, 4, 3))
    wide = net.rescale("x", DType.INT32)
    absolute = net.add("ABS", (wide,), (1, 4, 4, 3), DType.INT32)
    zeros = net.add("CLZ", (wide,), (1, 4, 4, 3), DType.INT32)
    rescale, first, second = compile_graph(net.graph(absolute, zeros), CHIP).manifest.operators
    assert rescale.kernel == first.kernel != second.kernel
    assert rescale.reason == "fused with ABS"


def test_what_the_canonical_form_lost_is_folded():
    net = Net(x=(1, 4))
    graph = net.graph(net.add("BITWISE_NOT", (net.add("IDENTITY", ("x",), (1, 4)),), (1, 4)))
    assert placed(compile_network(graph, CHIP)) == [("IDENTITY", Placed.FOLDED), ("BITWISE_NOT", Placed.VECTOR)]


def test_an_operator_that_no_output_needs_is_dead():
    net = Net(x=(1, 4))
    output = net.add("BITWISE_NOT", ("x",), (1, 4))
    dead = net.add("ABS", (net.rescale("x", DType.INT32),), (1, 4), DType.INT32)
    rows = compile_canonical(net.graph(output), CHIP).manifest.operators
    assert {row.name: row.placed for row in rows}[dead] is Placed.DEAD


def test_rows_bear_the_authors_names_where_they_are_known():
    net = Net(x=(1, 4))
    identity = net.add("IDENTITY", ("x",), (1, 4))
    inverted = net.add("BITWISE_NOT", (identity,), (1, 4))
    graph = net.graph(net.add("CLZ", (net.rescale(inverted, DType.INT32),), (1, 4), DType.INT32))
    names = {identity: "head.drop", inverted: "head.invert", "elsewhere": "no operator of this graph"}
    program = compile_network(graph, CHIP, operator_names=names)
    assert [row.source for row in program.manifest.operators] == ["head.drop", "head.invert", "", ""]
    unnamed = compile_network(graph, CHIP)
    assert (program.instructions, program.constants) == (unnamed.instructions, unnamed.constants)
