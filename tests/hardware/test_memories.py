"""The memories that are listed are those that slang elaborates, on chips of very different sizes."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from sized_chips import CHIPS

import chipsmith
from chipsmith.errors import BadInput
from chipsmith.hardware.memories import Wrapper, memory_table, rtl_memories
from chipsmith.hardware.sources import in_order, machine_sources


def elaborated(chip) -> Counter:
    """How many instances of a wrapper stand below the top level, by their path, module and sizes."""
    ast = pytest.importorskip("pyslang", reason="pip install chipsmith[rtl]").ast
    from pyslang.syntax import SyntaxTree

    sources = machine_sources(chip)
    compilation = ast.Compilation()
    for name in in_order(sources):
        compilation.addSyntaxTree(SyntaxTree.fromText(sources[name]))
    counts = Counter()

    def visit(symbol):
        if isinstance(symbol, ast.InstanceSymbol) and symbol.definition.name in {kind.value for kind in Wrapper}:
            sizes = {parameter.name: int(parameter.value.value) for parameter in symbol.body.parameters}
            bits = sizes.get("LINE_BITS") or 8 * sizes["LINE_BYTES"]
            path = re.sub(r"\[\d+\]", "", symbol.hierarchicalPath).removeprefix("axi_machine.")
            counts[path, symbol.definition.name, sizes["LINES"], bits, sizes.get("LANE_BITS", bits)] += 1

    compilation.getRoot().visit(visit)
    return counts


@pytest.mark.parametrize("chip", CHIPS)
def test_the_list_is_what_the_rtl_instantiates(chip):
    listed = Counter()
    for memory in rtl_memories(CHIPS[chip]):
        for path in memory.instances:
            key = (path, memory.wrapper.value, memory.lines, memory.line_bits, memory.lane_bits)
            listed[key] += memory.count // len(memory.instances)
    assert listed == elaborated(CHIPS[chip])


def test_only_the_accumulators_have_two_ports():
    two_ports = {m.name for chip in CHIPS.values() for m in rtl_memories(chip) if m.wrapper is Wrapper.TWO_PORT}
    assert two_ports == {"accumulators"}


def test_the_bytes_are_those_of_the_chip():
    # The last of a table's 513 entries has a register.
    chip = CHIPS["nano-64"]
    assert sum(memory.size_bytes for memory in rtl_memories(chip)) == chip.on_chip_bytes


def test_the_verb_and_the_table_name_them():
    result = chipsmith.rtl("edge-256")
    assert result.to_json()["memories"][0] | {"purpose": ""} == {
        "name": "on-chip memory",
        "instances": ["machine.memory.g_group.even_bank", "machine.memory.g_group.odd_bank"],
        "purpose": "",
        "wrapper": "sram_bank",
        "count": 30,
        "lines": 512,
        "line_bits": 128,
        "ports": "1 RW",
        "byte_enables": True,
        "size_bytes": 15 * 16384,
    }
    assert "| accumulators | 2 | 64 x 512 | 1 R + 1 W | lines | `sram_two_port` |" in memory_table(result.chip)


def test_a_vector_without_a_folder_is_refused():
    with pytest.raises(BadInput, match="--out"):
        chipsmith.rtl("nano-64", models=("net.tosa",))
