"""Places of activations: what lives at once never overlaps, and what one step streams stands apart."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from chipsmith.chip import load_chip
from chipsmith.compiler.allocate.activations import allocate_activations, groups_of
from chipsmith.compiler.errors import DoesNotFit
from chipsmith.compiler.lower.kernel import Buffer, StreamOperand, UnplacedInstruction
from chipsmith.compiler.spill.live_range import AT_ENTRY, LiveRange, find_live_ranges
from chipsmith.errors import OperatorRefused
from chipsmith.program.instructions import VectorInstruction
from chipsmith.program.stream_fields import StreamName

CHIP = load_chip("nano-64", {"memory.groups": "4", "memory.group_bytes": "1024", "name": "four-kib"})


def step(output, *inputs):
    operands = [StreamOperand(stream=StreamName.OUTPUT, buffer=output, base=0, written=True)]
    operands += [
        StreamOperand(stream=stream, buffer=name, base=0)
        for stream, name in zip((StreamName.A, StreamName.B), inputs, strict=False)
    ]
    return UnplacedInstruction(template=VectorInstruction(), operands=tuple(operands))


def buffers(**sizes):
    return {name: Buffer(name=name, size_bytes=size) for name, size in sizes.items()}


def placed(steps, known, *, inputs=("x",), outputs=("y",), chip=CHIP):
    return allocate_activations(steps, find_live_ranges(steps, inputs, outputs, known), known, chip)


def test_a_buffer_lives_from_its_first_to_its_last_step():
    steps = [step("a", "x"), step("b", "a"), step("y", "b", "a")]
    known = buffers(x=8, a=8, b=8, y=8)
    assert find_live_ranges(steps, ["x"], ["y"], known) == {
        "x": LiveRange(first=AT_ENTRY, last=0),
        "a": LiveRange(first=0, last=2),
        "b": LiveRange(first=1, last=2),
        "y": LiveRange(first=2, last=3),
    }


def test_constants_have_no_life():
    known = buffers(x=8, y=8) | {"c": Buffer(name="c", size_bytes=4, data=b"1234")}
    assert set(find_live_ranges([step("y", "x", "c")], ["x"], ["y"], known)) == {"x", "y"}


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
