"""Live ranges: from a buffer's first to its last step, whatever ports it has."""

from __future__ import annotations

from steps import buffers, step

from chipsmith.compiler.lower.kernel import Buffer
from chipsmith.compiler.spill.live_range import AT_ENTRY, LiveRange, find_live_ranges


def test_a_buffer_lives_from_its_first_to_its_last_step():
    steps = [step("a", "x"), step("b", "a"), step("y", "b", "a")]
    known = buffers(x=8, a=8, b=8, y=8)
    assert find_live_ranges(steps, ["x"], ["y"], known) == {
        "x": LiveRange(first=AT_ENTRY, last=0),
        "a": LiveRange(first=0, last=2),
        "b": LiveRange(first=1, last=2),
        "y": LiveRange(first=2, last=3),
    }


def test_constants_have_no_live_range():
    known = buffers(x=8, y=8) | {"c": Buffer(name="c", size_bytes=4, data=b"1234")}
    assert set(find_live_ranges([step("y", "x", "c")], ["x"], ["y"], known)) == {"x", "y"}


def test_live_ranges_overlap_where_they_share_a_step():
    early = LiveRange(first=AT_ENTRY, last=2)
    assert early.overlaps(LiveRange(first=2, last=5))
    assert not early.overlaps(LiveRange(first=3, last=5))
