"""Places of activations: what lives at once never overlaps, and what one step streams stands apart."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from chipsmith.chip import load_chip
from chipsmith.compiler.allocate.activations import BEFORE, DoesNotFit, Life, groups_of, lives, place_activations
from chipsmith.compiler.lower.kernel import Buffer, Operand, Step
from chipsmith.errors import OperatorRefused
from chipsmith.program.instructions import VectorInstruction

CHIP = load_chip("nano-64", {"memory.groups": "4", "memory.group_bytes": "1024", "name": "four-kib"})


def step(output, *inputs):
    operands = [Operand(stream="o", buffer=output, base=0, written=True)]
    operands += [Operand(stream=stream, buffer=name, base=0) for stream, name in zip("ab", inputs, strict=False)]
    return Step(template=VectorInstruction(), operands=tuple(operands))


def buffers(**sizes):
    return {name: Buffer(name=name, size_bytes=size) for name, size in sizes.items()}


def placed(steps, known, *, inputs=("x",), outputs=("y",), chip=CHIP):
    return place_activations(steps, lives(steps, inputs, outputs, known), known, chip)


def test_a_buffer_lives_from_its_first_to_its_last_step():
    steps = [step("a", "x"), step("b", "a"), step("y", "b", "a")]
    known = buffers(x=8, a=8, b=8, y=8)
    assert lives(steps, ["x"], ["y"], known) == {
        "x": Life(first=BEFORE, last=0),
        "a": Life(first=0, last=2),
        "b": Life(first=1, last=2),
        "y": Life(first=2, last=3),
    }


def test_constants_have_no_life():
    known = buffers(x=8, y=8) | {"c": Buffer(name="c", size_bytes=4, data=b"1234")}
    assert set(lives([step("y", "x", "c")], ["x"], ["y"], known)) == {"x", "y"}


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
    assert all(one.isdisjoint(other) for one, other in itertools.combinations(groups, 2))


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
    names = [f"t{at}" for at in range(15)]
    known = buffers(**{name: int(rng.integers(1, 400)) for name in names})
    steps = [step(names[at], *rng.choice(names[max(at - 5, 0) : at], 2)) for at in range(1, len(names))]
    lifetimes = lives(steps, names[:1], names[-1:], known)
    places = place_activations(steps, lifetimes, known, CHIP)
    assert set(places) == set(lifetimes)
    for one, other in itertools.combinations(places.values(), 2):
        together = one.life.first <= other.life.last and other.life.first <= one.life.last
        assert not together or one.end <= other.address or other.end <= one.address
