"""Instructions as values: equality, hashes, copies with other fields, and what counts wherever they stand."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from chipsmith.chip import load_chip
from chipsmith.program.actions import ActionCounts, count_actions
from chipsmith.program.instructions import ChannelRecord, Load, Rounding, Store, TensorInstruction
from chipsmith.program.stream_fields import with_fields, without_places

CONVOLUTION = TensorInstruction(
    output_height=4,
    output_width=4,
    output_channels=8,
    run=8,
    a_base=64,
    o_base=512,
    parameters=ChannelRecord.BIAS,
    requantise=Rounding.SINGLE,
    o_first_group=2,
    o_last_group=2,
)


def test_equal_fields_make_equal_instructions_of_one_class() -> None:
    assert Load(run_bytes=8) == Load(run_bytes=8) != Load(run_bytes=9)
    assert Load(run_bytes=8) != Store(run_bytes=8)
    assert len({Load(run_bytes=8), Load(run_bytes=8), Store(run_bytes=8)}) == 2


def test_a_changed_copy_is_the_one_that_dataclasses_make() -> None:
    hash(CONVOLUTION)  # what is kept of the original is not the copy's
    changed = with_fields(CONVOLUTION, {"run": 16, "o_base": 0})
    assert changed == replace(CONVOLUTION, run=16, o_base=0) != CONVOLUTION
    assert hash(changed) == hash(replace(CONVOLUTION, run=16, o_base=0))
    assert repr(changed) == repr(replace(CONVOLUTION, run=16, o_base=0))


def test_a_field_that_an_instruction_has_not_is_refused() -> None:
    with pytest.raises(TypeError, match="Load has no field lanes"):
        with_fields(Load(), {"lanes": 4})


def test_a_copy_from_another_process_has_a_hash_of_its_own() -> None:
    hash(CONVOLUTION)
    copy = pickle.loads(pickle.dumps(CONVOLUTION))
    assert copy == CONVOLUTION
    assert not hasattr(copy, "_hash")
    assert hash(copy) == hash(CONVOLUTION)


def test_an_instruction_without_places_does_the_same_work() -> None:
    chip = load_chip("nano-64")
    for residual in (0, 1):
        placed = replace(CONVOLUTION, residual=residual, res_base=32, res_first_group=2, res_last_group=2)
        anywhere = without_places(placed)
        assert anywhere.o_base == anywhere.a_base == 0
        assert _work(count_actions(chip, placed)) == _work(count_actions(chip, anywhere))


def _work(counts: ActionCounts) -> ActionCounts:
    """The counts but for the cycles that the engine is held, in which streams that share groups wait."""
    return replace(counts, tensor_cycles=0)
