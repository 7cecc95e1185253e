"""Integer helpers of the closed forms."""

from chipsmith.program.arithmetic import ceil_div, ranges_overlap, round_up


def test_quotients_are_rounded_up():
    assert [ceil_div(value, 4) for value in (0, 1, 4, 5, -1, -4, -5)] == [0, 1, 1, 2, 0, -1, -1]
    assert [round_up(value, 4) for value in (0, 1, 4, 5)] == [0, 4, 4, 8]


def test_ranges_overlap_where_they_have_a_group_in_common():
    assert ranges_overlap(0, 2, 2, 5)
    assert ranges_overlap(3, 3, 0, 7)
    assert not ranges_overlap(0, 1, 2, 5)
