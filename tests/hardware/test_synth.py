"""Synthesis counts cells and macros of a part of the machine."""

from __future__ import annotations

import pytest

from chipsmith.chip import load_chip
from chipsmith.errors import BadInput
from chipsmith.hardware.synthesis import MacroKind, synthesize

CHIP = load_chip("nano-64")


@pytest.fixture(scope="module")
def liberty(typical_cells):
    pytest.importorskip("pyosys", reason="pip install chipsmith[rtl]")
    return typical_cells


def test_the_cells_of_a_block_sum_to_the_whole(liberty):
    synthesis = synthesize(CHIP, liberty, top="store_engine")
    assert set(synthesis.blocks) == {"requests", "bursts", "store_engine itself"}
    assert sum(synthesis.blocks.values()) == pytest.approx(synthesis.area_um2)
    assert {module.name: module.count for module in synthesis.modules} == {
        "store_engine": 1,
        "word_walk": 1,
        "burst_cut": 1,
    }
    assert synthesis.macros == ()
    assert synthesis.slowest.name == "word_walk"
    # A flip-flop of this library has 48.9888 um2, and the walk alone holds more than 300 bits.
    assert synthesis.blocks["requests"] > 300 * 48.9888


@pytest.mark.slow
def test_memories_stay_macros(liberty):
    synthesis = synthesize(CHIP, liberty, top="local_memory")
    bank_lines = CHIP.memory.group_bytes // (2 * CHIP.line_bytes)
    banks = MacroKind(
        wrapper="sram_bank", lines=bank_lines, width_bits=8 * CHIP.line_bytes, count=2 * CHIP.memory.groups
    )
    assert synthesis.macros == (banks,)


def test_a_missing_liberty_file_is_told(tmp_path):
    with pytest.raises(BadInput, match="no liberty file"):
        synthesize(CHIP, tmp_path / "absent.lib")
