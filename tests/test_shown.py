"""Short reprs: bounded whatever a value holds, and nothing else of a value changes."""

from __future__ import annotations

import dataclasses
import pickle
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
import pytest
from pydantic import BaseModel

from chipsmith.shown import LETTERS, Several, Shown, adopt


class Metal(Enum):
    COPPER = "copper"


@dataclass(frozen=True, kw_only=True)
class Wire(Shown):
    name: str
    lengths: tuple[float, ...] = ()
    metal: Metal = Metal.COPPER
    notes: str = ""
    secret: str = dataclasses.field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Cable(Shown):
    wires: tuple[Wire, ...]

    def _brief(self) -> str:
        return f"{len(self.wires)} wires"


@dataclass(frozen=True)
class Plug:
    pins: tuple[int, ...]


class Socket(Shown, BaseModel):
    name: str
    pins: tuple[int, ...]


def test_plain_fields_are_written_as_dataclasses_write_them():
    assert repr(Wire(name="a", lengths=(1.0, 2.5))) == "Wire(name='a', lengths=(1.0, 2.5), metal='copper', notes='')"
    assert "hidden" not in repr(Wire(name="a", secret="hidden"))


def test_many_items_and_long_texts_are_counted_and_cut():
    wire = Wire(name="a", lengths=tuple(map(float, range(1000))), notes="word " * 100)
    assert "lengths=[1,000 float]" in repr(wire)
    assert repr(wire).endswith("...')")
    assert len(repr(wire)) <= LETTERS


def test_figures_stand_in_angle_brackets_and_inside_of_others():
    cable = Cable(wires=(Wire(name="a"),))
    assert repr(cable) == str(cable) == "<Cable 1 wires>"

    @dataclass
    class Box(Shown):
        cable: Cable
        array: object
        path: Path
        table: dict[str, int]

    box = Box(cable=cable, array=np.zeros((3, 2), np.int8), path=Path("x"), table={"a": 1})
    assert repr(box) == "Box(cable=<Cable 1 wires>, array=int8[3, 2], path='x', table={'a': 1})"


@pytest.mark.parametrize("count", [1, 20, 5000])
def test_no_repr_is_longer_than_the_limit(count):
    fields = [(f"field_{number}", str, dataclasses.field(default="value " * number)) for number in range(count)]
    kind = dataclasses.make_dataclass("Wide", fields, bases=(Shown,), frozen=True)
    assert len(repr(kind())) <= LETTERS


def test_equality_hash_pickles_and_fields_are_those_of_a_dataclass():
    wire, same = Wire(name="a", lengths=(1.0,)), Wire(name="a", lengths=(1.0,))
    assert wire == same
    assert hash(wire) == hash(same)
    assert pickle.loads(pickle.dumps(wire)) == wire
    assert dataclasses.asdict(wire)["lengths"] == (1.0,)
    assert [field.name for field in dataclasses.fields(wire)] == ["name", "lengths", "metal", "notes", "secret"]


def test_models_of_pydantic_are_shown_alike():
    socket = Socket(name="s", pins=tuple(range(50)))
    assert repr(socket) == str(socket) == "Socket(name='s', pins=[50 int])"
    assert Socket.model_validate_json(socket.model_dump_json()) == socket


def test_a_text_of_a_classes_own_stays_with_those_below_it():
    @dataclass(frozen=True)
    class Rope(Shown):
        def __str__(self) -> str:
            return "a rope"

    @dataclass(frozen=True)
    class Hawser(Rope):
        metres: int = 3

    assert str(Hawser()) == "a rope"
    assert repr(Hawser()) == "Hawser(metres=3)"


def test_several_values_are_a_tuple_with_their_names():
    several = Several([Wire(name="a"), Wire(name="b")])
    assert several == (Wire(name="a"), Wire(name="b"))
    assert repr(several) == "<Several 2 Wire: a, b>"
    assert pickle.loads(pickle.dumps(several)) == several
    assert len(repr(Several(Wire(name="long" * 9) for _ in range(99)))) <= LETTERS


def test_a_foreign_class_is_adopted():
    adopt(Plug, lambda plug: f"{len(plug.pins)} pins")
    assert repr(Plug((1, 2, 3))) == "<Plug 3 pins>"
    assert Plug((1,)) == Plug((1,))
