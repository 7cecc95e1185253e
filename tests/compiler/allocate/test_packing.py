"""Constants: equal bytes once, small ones of neighbouring steps and all of one step behind one LOAD."""

from __future__ import annotations

from chipsmith.compiler.allocate.packing import PACK_BYTES, pack_constants
from chipsmith.compiler.lower.kernel import Buffer, StreamOperand, UnplacedInstruction
from chipsmith.program.instructions import VectorInstruction
from chipsmith.program.stream_fields import StreamName

MEMORY = 16384


def packed(steps, constants, **limits):
    return whole(steps, constants, **limits).chunks


def whole(steps, constants, *, limit_bytes=MEMORY, recall_bytes=MEMORY):
    known = {name: Buffer(name=name, size_bytes=len(data), data=data) for name, data in constants.items()}
    known["x"] = Buffer(name="x", size_bytes=8)
    return pack_constants([step(*names) for names in steps], known, limit_bytes=limit_bytes, recall_bytes=recall_bytes)


def step(*names):
    operands = tuple(StreamOperand(stream=StreamName.A, buffer=name, base=0) for name in ("x", *names))
    return UnplacedInstruction(template=VectorInstruction(), operands=operands)


def test_equal_bytes_are_stored_once():
    (chunk,) = packed([["bias"], [], ["again"]], {"bias": b"abcd", "again": b"abcd"})
    assert chunk.data == b"abcd"
    assert chunk.offsets == {"bias": 0, "again": 0}
    assert (chunk.first_step, chunk.last_step) == (0, 2)


def test_constants_of_one_step_share_a_chunk_at_multiples_of_four():
    weights, records = bytes(range(250)) * 10, b"records"
    (chunk,) = packed([["w", "p"]], {"w": weights[:2499], "p": records})
    assert chunk.offsets == {"w": 0, "p": 2500}
    assert chunk.data == weights[:2499] + b"\0" + records + b"\0"


def test_small_constants_of_neighbouring_steps_share_a_chunk():
    (chunk,) = packed([["a"], ["b"]], {"a": b"1" * 400, "b": b"2" * 400})
    assert (chunk.first_step, chunk.last_step) == (0, 1)


def test_large_constants_of_other_steps_come_by_themselves():
    constants = {"a": b"1" * (PACK_BYTES - 100), "b": b"2" * 200, "c": b"3" * 200}
    chunks = packed([["a"], ["b"], ["c"]], constants)
    assert [set(chunk.offsets) for chunk in chunks] == [{"a"}, {"b", "c"}]
    assert [(chunk.first_step, chunk.last_step) for chunk in chunks] == [(0, 0), (1, 2)]


def test_a_chunk_stays_below_the_limit():
    chunks = packed([["w", "p"]], {"w": b"1" * 3000, "p": b"2" * 3000}, limit_bytes=4096)
    assert [len(chunk.data) for chunk in chunks] == [3000, 3000]


def test_constants_that_no_step_reads_are_left_out():
    assert packed([[]], {"unused": b"abcd"}) == ()


def test_a_constant_that_returns_after_long_is_loaded_again():
    constants = {"table": b"1" * 8, "again": b"1" * 8, "w": b"2" * 3000}
    packing = whole([["table"], ["w"], ["again"]], constants, recall_bytes=2048)
    assert [(set(chunk.offsets), chunk.first_step, chunk.last_step) for chunk in packing.chunks] == [
        ({"table"}, 0, 0),
        ({"w"}, 1, 1),
        ({"again~1"}, 2, 2),
    ]
    assert [step.operands[-1].buffer for step in packing.steps] == ["table", "w", "again~1"]
    (first, _, last) = packing.chunks
    assert first.data == last.data


def test_a_constant_that_is_used_often_stays():
    constants = {"table": b"1" * 8, "v": b"2" * 1500, "w": b"3" * 1500}
    chunks = packed([["table"], ["v"], ["table"], ["w"], ["table"]], constants, recall_bytes=2048)
    assert [(chunk.first_step, chunk.last_step) for chunk in chunks if "table" in chunk.offsets] == [(0, 4)]
