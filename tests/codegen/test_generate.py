"""What the C of a network looks like, at the edges of graphs too."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from c_graphs import Bench, assert_exact, assert_same, compiler, random_inputs
from nets import Net

from chipsmith.codegen.generate import generate_c, generate_canonical
from chipsmith.codegen.host import WARNINGS, build_library
from chipsmith.codegen.library import kernel_texts
from chipsmith.errors import BadInput
from chipsmith.files import write_texts
from chipsmith.tosa.file import read_tosa
from chipsmith.tosa.graph import DType, Graph

NETWORKS = Path(__file__).parents[1] / "networks"
STRICT = ("-Wshadow", "-Wconversion", "-Wundef", "-Wstrict-prototypes", "-Wmissing-prototypes", "-Wvla")
STRICT_HEADER = ("-Wall", "-Wextra", "-Werror")


def residual() -> Graph:
    """x doubled, its absolute value, and both added: a chain of three operators."""
    net = Bench()
    x = net.input("x", (4, 8), DType.INT32)
    double = net.add("ADD", (x, x), (4, 8), DType.INT32)
    total = net.add("ADD", (net.add("ABS", (double,), (4, 8), DType.INT32), double), (4, 8), DType.INT32)
    return net.graph(total)


def test_chains_need_no_memory_between_their_operators():
    module = assert_exact(residual(), random_inputs(residual()))
    assert (module.arena_bytes, module.live_bytes) == (0, 0)
    assert len(re.findall(r"^    for \(", module.source, re.MULTILINE)) == 1
    assert module.source.count("/* ADD 't1' (int32[4,8], int32[4,8]) -> int32[4,8] */") == 1


def test_what_is_overwritten_counts_once():
    net = Bench()
    x = net.input("x", (64,), DType.INT8)
    turned = net.add("REVERSE", (x,), (64,), axis=0)
    shifted = net.add("BITWISE_NOT", (turned,), (64,))
    joined = net.add("CONCAT", (shifted, shifted), (128,), axis=0)
    summed = net.add("REDUCE_MAX", (joined,), (1,), axis=0, nan_mode="PROPAGATE")
    module = assert_exact(net.graph(summed), random_inputs(net.graph(summed)))
    assert module.live_bytes == 64 + 128


@pytest.mark.parametrize("source", ["the table", "a part of the table", "other rows"])
def test_scattered_rows_are_those_from_before(source):
    net = Bench()
    x = net.input("x", (1, 4, 30), DType.INT8)
    table = net.add("TILE", (x, net.shape(1, 2, 1)), (1, 8, 30))
    rows = {
        "the table": (table, 8),
        "a part of the table": (net.add("SLICE", (table, net.shape(0, 1, 0), net.shape(1, 3, 30)), (1, 3, 30)), 3),
        "other rows": (x, 4),
    }
    values, count = rows[source]
    places = net.constant([[(index + 1) % 8 for index in range(count)]], DType.INT32)
    scattered = net.add("SCATTER", (table, places, values), (1, 8, 30))
    graph = net.graph(net.add("TILE", (scattered, net.shape(1, 1, 2)), (1, 8, 60)))
    assert_exact(graph, random_inputs(graph))


def test_rows_are_scattered_into_a_part_of_a_tensor():
    net = Bench()
    x = net.input("x", (1, 4, 30), DType.INT8)
    tiled = net.add("TILE", (x, net.shape(1, 2, 1)), (1, 8, 30))
    table = net.add("SLICE", (tiled, net.shape(0, 2, 0), net.shape(1, 6, 30)), (1, 6, 30))
    scattered = net.add("SCATTER", (table, net.constant([[0, 5, 1, 2]], DType.INT32), x), (1, 6, 30))
    graph = net.graph(net.add("TILE", (scattered, net.shape(1, 1, 2)), (1, 6, 60)))
    assert_exact(graph, random_inputs(graph))


def test_a_chain_reads_a_part_of_a_constant():
    net = Bench()
    x = net.input("x", (2, 3), DType.INT32)
    whole = net.constant([[1, 2, 3], [40, 50, 60], [-7, -8, -9]], DType.INT32)
    part = net.add("SLICE", (whole, net.shape(1, 0), net.shape(2, 3)), (2, 3), DType.INT32)
    turned = net.add("REVERSE", (part,), (2, 3), DType.INT32, axis=0)
    graph = net.graph(net.add("ADD", (x, part), (2, 3), DType.INT32), net.add("SUB", (x, turned), (2, 3), DType.INT32))
    assert_exact(graph, random_inputs(graph))


def test_outputs_that_no_operator_computes():
    net = Bench()
    x = net.input("x", (2, 3), DType.INT16)
    constant = net.constant([[7, 8]], DType.INT16)
    again = net.add("IDENTITY", (x,), (2, 3), DType.INT16)
    summed = net.add("BITWISE_NOT", (x,), (2, 3), DType.INT16)
    graph = net.graph(x, constant, again, summed, net.reshape(summed, 3, 2))
    assert_exact(graph, random_inputs(graph))


def test_equal_functions_stand_once():
    net = Bench()
    rows = [net.input(f"row{index}", (16,), DType.INT32) for index in range(5)]
    graph = net.graph(*(net.add("ABS", (row,), (16,), DType.INT32) for row in rows))
    module = generate_canonical(graph, name="net")
    assert module.source.count("static void compute_abs") == 1
    assert module.source.count("    compute_abs(") == 5


@pytest.mark.parametrize(
    "name", ["int", "arena", "memcpy", "convolution", "out*/;(", "gewölbe", "7", "", "out0", "clamp32", "\\"]
)
def test_any_name_of_a_tensor_makes_c(name):
    net = Net(x=(1, 4))
    net.add("BITWISE_NOT", ("x",), (1, 4))
    (operator,) = net.operators
    graph = Graph(
        name=name,
        tensors={"x": net.tensors["x"], name: replace(net.tensors[operator.outputs[0]], name=name)},
        operators=(replace(operator, name=name, outputs=(name,)),),
        constants={},
        inputs=("x",),
        outputs=(name,),
    )
    assert_exact(graph, random_inputs(graph))


@pytest.mark.parametrize(
    ("first", "second"),
    [("x", "X"), ("operator", "xor"), ("INT32_MIN", "uint8_t"), ("b", "NET_B_SIZE"), ("NULL", "linux")],
)
def test_any_two_names_make_a_header_for_c_and_cpp(first, second, tmp_path):
    net = Net(**{first: (1, 4), second: (1, 5)})
    outputs = [net.add("BITWISE_NOT", (name,), shape) for name, shape in ((first, (1, 4)), (second, (1, 5)))]
    write_texts(tmp_path, generate_c(net.graph(*outputs), name="net").sources)
    for language in ("c", "c++"):
        command = (compiler(), *STRICT_HEADER, "-x", language, "-fsyntax-only", "net.h")
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("level", ["-O0", "-Os", "-O2"])
@pytest.mark.parametrize("cc", ["gcc", "clang"])
def test_all_kernels_in_a_source_make_no_warnings(cc, level, tmp_path):
    kernels = "\n".join(kernel_texts().values()).replace("static inline", "static inline __attribute__((used))")
    (tmp_path / "all.c").write_text(
        f"#include <stdbool.h>\n#include <stdint.h>\n#include <string.h>\n{kernels}", encoding="utf-8"
    )
    command = (compiler(cc), *WARNINGS, *STRICT, level, "-c", "all.c")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("cc", ["gcc", "clang"])
def test_warnings_that_firmware_is_built_with(cc, tmp_path):
    module = generate_c(read_tosa(NETWORKS / "digits_cnn.tosa"), name="net")
    write_texts(tmp_path, module.sources)
    command = (compiler(cc), *WARNINGS, *STRICT, "-Os", "-c", "net.c")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_object_needs_memcpy_and_memset_alone(tmp_path):
    module = generate_c(read_tosa(NETWORKS / "encoder_layer.tosa"), name="net")
    write_texts(tmp_path, module.sources)
    subprocess.run((compiler(), "-std=c11", "-O2", "-c", "net.c"), cwd=tmp_path, check=True)
    symbols = subprocess.run(("nm", "net.o"), cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    undefined = set(re.findall(r" U (\w+)", symbols))
    assert undefined <= {"memcpy", "memset", "_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail"}
    assert re.findall(r" T (\w+)", symbols) == ["net_run"]


def test_constants_are_counted():
    net = Bench()
    x = net.input("x", (1, 3), DType.INT32)
    graph = net.graph(net.add("ADD", (x, net.constant([[1, 2, 3]], DType.INT32)), (1, 3), DType.INT32))
    assert generate_canonical(graph, name="net").constant_bytes == 12


def test_indices_outside_of_a_table_give_zeros():
    net = Bench()
    table, indices = net.input("table", (1, 3, 2), DType.INT8), net.input("indices", (1, 4), DType.INT32)
    graph = net.graph(net.add("GATHER", (table, indices), (1, 4, 2)))
    module = generate_canonical(graph, name="net")
    arrays = {"table": np.arange(6, dtype=np.int8).reshape(1, 3, 2), "indices": np.array([[-5, 0, 2, 99]], np.int32)}
    (rows,) = build_library(module, compiler()).execute(arrays).values()
    assert rows.tolist() == [[[0, 0], [0, 1], [4, 5], [0, 0]]]


@pytest.mark.parametrize("rows", [3, 5])
def test_a_scatter_does_not_overwrite_what_it_still_reads(rows):
    """Rows of a tensor go to other places of the same tensor, or of a part of it."""
    net = Bench()
    x = net.input("x", (1, 5, 4), DType.INT8)
    turned = net.add("REVERSE", (net.add("REVERSE", (x,), (1, 5, 4), axis=1),), (1, 5, 4), axis=2)
    kept = net.add("TILE", (turned, net.shape(1, 1, 1)), (1, 5, 4))
    table = net.add("SLICE", (kept, net.shape(0, 5 - rows, 0), net.shape(1, rows, 4)), (1, rows, 4))
    source = net.add("SLICE", (kept, net.shape(0, 0, 0), net.shape(1, 3, 4)), (1, 3, 4))
    graph = net.graph(net.add("SCATTER", (table, net.constant([[2, 0, 1]], DType.INT32), source), (1, rows, 4)))
    doubled = net.graph(net.add("BITWISE_NOT", (graph.outputs[0],), (1, rows, 4)))
    assert_exact(doubled, random_inputs(doubled))


def test_inputs_that_do_not_fit_are_refused():
    library = build_library(generate_canonical(residual(), name="net"), compiler())
    with pytest.raises(BadInput, match=r"input x is int8\[4, 8\] where int32\[4, 8\] belongs"):
        library.execute({"x": np.zeros((4, 8), np.int8)})
    with pytest.raises(BadInput, match=r"inputs \['y'\] are given where \['x'\] belong"):
        library.execute({"y": np.zeros((4, 8), np.int32)})


def test_code_that_a_compiler_refuses_is_said():
    module = replace(generate_canonical(residual(), name="net"), source="int x = ;")
    with pytest.raises(BadInput, match="gcc refused the C code"):
        build_library(module, compiler())


def test_folded_and_bare_graphs_agree():
    graph = read_tosa(NETWORKS / "lstm.tosa")
    inputs = random_inputs(graph)
    for generate in (generate_c, generate_canonical):
        assert_same(generate(graph, name="net"), graph, inputs)
