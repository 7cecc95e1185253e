"""Places of activations: what lives at once never overlaps, and what one step streams stands apart."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from steps import buffers, step

from chipsmith.chip import load_chip
from chipsmith.compiler.allocate.activations import allocate_activations, groups_of
from chipsmith.compiler.errors import DoesNotFit
from chipsmith.compiler.spill.live_range import find_live_ranges
from chipsmith.errors import OperatorRefused

CHIP = load_chip("nano-64", {"memory.groups": "4", "memory.group_bytes": "1024", "name": "four-kib"})


def placed(steps, known, *, inputs=("x",), outputs=("y",), chip=CHIP):
    return allocate_activations(steps, find_live_ranges(steps, inputs, outputs, known), known, chip)


def test_a_place_is_used_again_when_its_buffer_is_dead():
    steps = [step("a", "x"), step("b", "a"), step("y", "b")]
    known = buffers(x=2000, a=2000, b=2000, y=2000)
    places = placed(steps, known)
    assert places["b"].address == places["x"].address
    assert max(place.end for place in places.values()) <= CHIP.memory_bytes


def test_operands_of_one_step_stand_in_different_groups():
    steps = [step("y", "x", "z")]
    places = placed(steps, buffers(x=500, z=500, y=500), inputs=("x", "z"))
    groups = [set(groups_of(place.address, place.size_bytes, CHIP)) for place in places.values()]
    assert all(mine.isdisjoint(other) for mine, other in itertools.combinations(groups, 2))


def test_operands_share_a_group_where_there_is_no_other():
    two = load_chip("nano-64", {"memory.groups": "2", "memory.group_bytes": "1024"})
    places = placed([step("y", "x", "z")], buffers(x=500, z=500, y=500), inputs=("x", "z"), chip=two)
    assert sorted(place.address for place in places.values()) == [0, 512, 1024]


def test_what_does_not_fit_is_named_with_the_mend():
    with pytest.raises(DoesNotFit) as error:
        placed([step("y", "x")], buffers(x=3000, y=1200))
    assert str(error.value) == (
        "tensor y (1200 bytes) does not fit beside what lives with it in the on-chip memory of four-kib (4096 bytes); "
        "choose a chip with more memory"
    )
    assert isinstance(error.value, OperatorRefused)


@pytest.mark.parametrize("seed", range(20))
def test_no_two_living_buffers_overlap(seed):
    rng = np.random.default_rng(seed)
    names = [f"t{number}" for number in range(15)]
    known = buffers(**{name: int(rng.integers(1, 400)) for name in names})
    steps = [step(names[number], *rng.choice(names[max(number - 5, 0) : number], 2)) for number in range(1, len(names))]
    live_ranges = find_live_ranges(steps, names[:1], names[-1:], known)
    places = allocate_activations(steps, live_ranges, known, CHIP)
    assert set(places) == set(live_ranges)
    for first, other in itertools.combinations(places.values(), 2):
        together = first.live_range.first <= other.live_range.last and other.live_range.first <= first.live_range.last
        assert not together or first.end <= other.address or other.end <= first.address
