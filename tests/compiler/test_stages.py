"""Every stage of the compiler leaves a value that prints; a stage knows only the stages before it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from nets import Net

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph, compile_stages
from chipsmith.compiler.network import compile_network, compile_network_stages
from chipsmith.compiler.stage import CompilerStage
from chipsmith.program.assembly import parse_assembly
from chipsmith.tosa.file import read_tosa
from chipsmith.tosa.graph import DType

NETWORKS = Path(__file__).parents[1] / "networks"
SOURCE = Path(__file__).parents[2] / "src" / "chipsmith" / "compiler"
CHIP = load_chip("nano-64")
FOLDERS = ("fuse", "lower", "spill", "allocate", "schedule", "emit")
"""The folders in the order of the stages."""


def clamped_product():
    """A convolution with its scale and clamp, transposed, and added to itself."""
    net = Net(x=(1, 4, 4, 3))
    wide = net.conv("x", net.constant([[[[1, 2, 3]]]] * 8), (1, 4, 4, 8))
    narrow = net.rescale(wide, DType.INT8, shift=38)
    turned = net.transpose(narrow, 0, 2, 1, 3)
    return net.graph(net.add("BITWISE_XOR", (narrow, turned), (1, 4, 4, 8)))


@pytest.fixture(scope="module")
def compilation():
    return compile_stages(clamped_product(), CHIP)


def test_the_program_is_that_of_compile_graph(compilation):
    assert compilation.program == compile_graph(clamped_product(), CHIP)


def test_a_network_keeps_the_rows_of_its_own_operators():
    graph = read_tosa(NETWORKS / "gru.tosa")
    assert compile_network_stages(graph, CHIP).program == compile_network(graph, CHIP)


@pytest.mark.parametrize("stage", CompilerStage)
def test_each_stage_prints(compilation, stage):
    text = compilation.text(stage)
    assert len(text.splitlines()) > 2
    assert "object at 0x" not in text


def test_chains_and_views_print_in_the_order_of_the_graph(compilation):
    words = [line.split()[0] for line in compilation.text(CompilerStage.FUSE).splitlines()]
    assert words == ["tensor", "view", "vector"]


def test_each_kernel_prints_its_instructions(compilation):
    kernel, step, *_ = compilation.text(CompilerStage.LOWER).splitlines()
    assert kernel.startswith("k0:")
    assert "tensor, 1 instructions, 384 MACs" in kernel
    assert step.split()[0] == "TENSOR"
    assert "W=" in step


def test_a_spilled_tensor_prints_its_transfers():
    tight = load_chip("nano-64", {"memory.groups": "4", "memory.group_bytes": "1024", "name": "four-kib"})
    net = Net(x=(1, 16, 24, 8))
    graph = net.graph(net.add("BITWISE_NOT", (net.transpose("x", 0, 2, 1, 3),), (1, 24, 16, 8)))
    compilation = compile_stages(graph, tight)
    text = compilation.text(CompilerStage.SPILL)
    assert "spilled x" in text
    assert text.count("    import ") == len(compilation.plan.imports) > 1
    assert text.count("    export ") == len(compilation.plan.exports) > 1


def test_each_allocation_prints_by_its_address(compilation):
    lines = [line for line in compilation.text(CompilerStage.ALLOCATE).splitlines() if line.startswith("on chip")]
    addresses = [int(line.split()[2]) for line in lines]
    assert len(lines) == len(compilation.memory.activations)
    assert addresses == sorted(addresses)


def test_the_schedule_prints_a_line_an_instruction(compilation):
    lines = [line for line in compilation.text(CompilerStage.SCHEDULE).splitlines() if line[0].isdigit()]
    assert len(lines) == len(compilation.schedule.items)
    assert lines[0].startswith("0 load ")


def test_the_emitted_program_parses_back(compilation):
    assert parse_assembly(compilation.text(CompilerStage.EMIT)) == compilation.program.instructions


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_stage_imports_only_what_stands_before_it(folder):
    later = FOLDERS[FOLDERS.index(folder) + 1 :]
    for file in (SOURCE / folder).glob("*.py"):
        modules = [node.module for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)]
        imported = {name.split(".")[2] for name in modules if name and name.startswith("chipsmith.compiler.")}
        assert imported.isdisjoint(later), file
        assert imported.isdisjoint({"compile", "compilation", "network", "stage"}), file
