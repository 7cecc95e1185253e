"""What an access of a chip's memories costs."""

from __future__ import annotations

import pytest

from chipsmith.chip import load_chip, override_chip
from chipsmith.chip.macros import instruction_macro, memory_macro, memory_word_write, page_word_write


@pytest.mark.parametrize(
    ("word_bytes", "accesses"),
    [
        (2, 1 / 2),  # two words are a lane of 4 bytes, and a macro of 8 is accessed for it
        (4, 1 / 2),  # a macro for two words
        (8, 2 / 2),  # a lane of 16 bytes lies in two macros
    ],
)
def test_a_page_is_written_macro_by_macro(word_bytes, accesses):
    chip = override_chip(load_chip("nano-64"), {"external.bytes_per_cycle": str(word_bytes)})
    pages = instruction_macro(chip).sram
    assert pages.slices == 16
    assert page_word_write(chip).value == pytest.approx(accesses * pages.write_pj.value / 16)


@pytest.mark.parametrize(
    ("name", "word_bytes", "share"), [("nano-64", 4, 1), ("edge-256", 8, 1 / 2), ("edge-256", 16, 1)]
)
def test_a_loaded_word_is_written_into_the_macros_that_it_lies_in(name, word_bytes, share):
    chip = override_chip(load_chip(name), {"external.bytes_per_cycle": str(word_bytes)})
    assert memory_word_write(chip).value == pytest.approx(share * memory_macro(chip).sram.write_pj.value)
