"""The locks of an instruction as bits, and as names in the order in which they are taken."""

from __future__ import annotations

from chipsmith.program.instructions import Load, Rounding, Space, TensorInstruction, VectorInstruction
from chipsmith.program.locks import LOCKS, Lock, LockKind, lock_mask, lock_positions, named_locks


def test_a_load_holds_its_groups_then_its_external_regions() -> None:
    load = Load(first_group=2, last_group=4, external_locks=0b100001)
    groups = [Lock(LockKind.GROUP, number) for number in (2, 3, 4)]
    assert named_locks(load) == (*groups, Lock(LockKind.EXTERNAL, 0), Lock(LockKind.EXTERNAL, 5))


def test_a_load_of_a_page_holds_its_slot_alone() -> None:
    assert named_locks(Load(space=Space.PAGE, local_address=1, run_bytes=512)) == (Lock(LockKind.PAGE, 1),)


def test_groups_that_several_streams_name_are_held_once() -> None:
    vector = VectorInstruction(a_first_group=1, a_last_group=3, o_first_group=2, o_last_group=5)
    assert named_locks(vector) == tuple(Lock(LockKind.GROUP, number) for number in (1, 2, 3, 4, 5))


def test_a_scale_holds_the_multipliers_last() -> None:
    assert named_locks(TensorInstruction(requantise=Rounding.SINGLE))[-1] == Lock(LockKind.MULTIPLIERS, 0)
    assert Lock(LockKind.MULTIPLIERS, 0) not in named_locks(TensorInstruction())


def test_masks_meet_where_two_instructions_name_a_common_lock() -> None:
    first, second = Load(first_group=0, last_group=3), Load(first_group=3, last_group=6)
    common = lock_mask(first) & lock_mask(second)
    assert [LOCKS[position] for position in lock_positions(common)] == [Lock(LockKind.GROUP, 3)]
    assert not lock_mask(first) & lock_mask(Load(first_group=4, last_group=6))
