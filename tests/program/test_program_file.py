"""The `.program` file: it comes back whole, embeds its chip, and is refused where a byte of it is wrong."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shlex
from pathlib import Path

import pytest
from random_programs import FILED_KINDS, random_program

from chipsmith.chip import load_chip
from chipsmith.errors import BadInput
from chipsmith.program.file import parse_program, read_program, serialize_program, write_program
from chipsmith.program.program import Placed, Placement

PROGRAM = random_program(load_chip("nano-64", {"tensor.tile_pixels": "16"}), 1, 40, FILED_KINDS)
DATA = serialize_program(PROGRAM)
PREFIX_BYTES = 56
"""8 magic, 4 version, 4 header bytes, 8 constants bytes, 32 SHA-256."""


def test_a_program_comes_back_whole_and_with_its_chip(tmp_path):
    write_program(PROGRAM, tmp_path / "prögram.program")
    again = read_program(tmp_path / "prögram.program")
    assert again == PROGRAM
    assert again.chip.tensor.tile_pixels == 16


def test_equal_programs_are_equal_bytes():
    assert serialize_program(parse_program(DATA, name="p")) == DATA


def test_a_deployment_comes_back_and_changes_nothing_that_is_executed():
    manifest = dataclasses.replace(PROGRAM.manifest, deployment='{"task": "classification"}')
    deployed = dataclasses.replace(PROGRAM, manifest=manifest)
    again = parse_program(serialize_program(deployed), name="p")
    assert again.manifest.deployment == '{"task": "classification"}'
    assert (again.instructions, again.constants) == (PROGRAM.instructions, PROGRAM.constants)


def test_a_file_without_a_deployment_does_not_mention_it():
    assert b"deployment" not in DATA
    assert parse_program(DATA, name="p").manifest.deployment is None


def named(*sources):
    """The program with an operator for each author's name."""
    rows = tuple(
        Placement(name=f"op{index}", kind="ADD", placed=Placed.FOLDED, reason="", kernel="", source=source)
        for index, source in enumerate(sources)
    )
    return dataclasses.replace(PROGRAM, manifest=dataclasses.replace(PROGRAM.manifest, operators=rows))


def test_the_authors_names_come_back():
    program = named("block.0", "", "head")
    again = parse_program(serialize_program(program), name="p")
    assert again == program
    assert [row.source for row in again.manifest.operators] == ["block.0", "", "head"]


def test_a_file_from_before_the_authors_names_still_opens():
    """Its operators have no `source`; those without a name are written like this to this day."""
    data = serialize_program(named("", ""))
    assert b"source" not in data
    assert parse_program(data, name="p") == named("", "")


def test_every_truncation_is_refused():
    for size in (*range(PREFIX_BYTES + 2), *range(PREFIX_BYTES, len(DATA), 997), len(DATA) - 1):
        with pytest.raises(BadInput, match=r"is not a Chipsmith program|truncated"):
            parse_program(DATA[:size], name="p.program")


def test_bytes_too_many_are_refused():
    with pytest.raises(BadInput, match="truncated or damaged"):
        parse_program(DATA + b"\0", name="p.program")


@pytest.mark.parametrize("place", [PREFIX_BYTES, PREFIX_BYTES + 100, len(DATA) - 1])
def test_a_flipped_bit_is_refused(place):
    damaged = bytearray(DATA)
    damaged[place] ^= 1
    with pytest.raises(BadInput, match=r"p\.program is damaged: its checksum"):
        parse_program(bytes(damaged), name="p.program")


def test_another_version_is_refused_with_both_versions():
    foreign = DATA[:8] + (7).to_bytes(4, "little") + DATA[12:]
    with pytest.raises(BadInput, match="p has program version 7; this Chipsmith reads version 2"):
        parse_program(foreign, name="p")


def test_a_pickle_is_not_a_program(tmp_path):
    (tmp_path / "p.program").write_bytes(b"\x80\x04cposix\nsystem\n")
    with pytest.raises(BadInput, match="is not a Chipsmith program"):
        read_program(tmp_path / "p.program")


@pytest.mark.parametrize("path", [".", "missing.program"])
def test_what_cannot_be_read_is_named(path, tmp_path):
    with pytest.raises(BadInput, match="cannot be read"):
        read_program(tmp_path / path)


def forged(change, image=lambda image: image):
    """A file with another header or image, whose checksum is right."""
    header_bytes = int.from_bytes(DATA[12:16], "little")
    split = PREFIX_BYTES + header_bytes
    content = json.loads(DATA[PREFIX_BYTES:split])
    change(content)
    header, constants = json.dumps(content).encode(), image(DATA[split:])
    sizes = len(header).to_bytes(4, "little") + len(constants).to_bytes(8, "little")
    return DATA[:12] + sizes + hashlib.sha256(header + constants).digest() + header + constants


def test_a_file_from_before_the_profile_counted_the_peak_still_opens():
    """Its manifest has a figure more, `memory_peak_bytes`."""
    old = forged(lambda content: content["manifest"].update(memory_peak_bytes=4096))
    assert parse_program(old, name="p") == PROGRAM


def test_a_forged_clock_is_refused_though_its_hash_is_right():
    """Else a file would make every inference faster than any chip can be."""
    fast = PROGRAM.chip.model_copy(update={"clock_mhz": 5000})

    def change(content):
        content.update(chip=fast.model_dump(mode="json"), chip_sha256=fast.sha256)

    with pytest.raises(BadInput, match=r"p: chip .*: clock_mhz = 5000 is faster than the chip can be"):
        parse_program(forged(change), name="p")


def test_a_forged_checksum_does_not_help_a_faulty_program():
    """Whoever simulates a file, for its outputs or for its time alone, meets only verified instructions."""
    reserved = forged(lambda _: None, image=lambda image: b"\xff" + image[1:])
    with pytest.raises(BadInput, match=r"p: opcode 255 is reserved; .* compile the network again"):
        parse_program(reserved, name="p")
    short = forged(lambda content: content.update(instructions=1))
    with pytest.raises(BadInput, match="p: a program has one END"):
        parse_program(short, name="p")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content.pop("chip"), "damaged header"),
        (lambda content: content.update(instructions=float("inf")), "damaged header"),
        (lambda content: content.update(instructions=10**6), "more than its image holds"),
        (lambda content: content["manifest"].pop("inputs"), "damaged header"),
        (lambda content: content["manifest"]["inputs"][0].update(dtype="O"), "its type is one of"),
        (lambda content: content["manifest"]["inputs"][0].update(shape=[1 << 31, 1 << 31]), "says that it has"),
        (lambda content: content["manifest"].update(external_bytes=1 << 50), "the chip has"),
        (lambda content: content["chip"]["tensor"].update(rows=7), "damaged header"),
        (lambda content: content["chip"].update(clock_mhz=1), "was made for another description"),
    ],
)
def test_a_forged_header_is_refused(change, message):
    with pytest.raises(BadInput, match=message):
        parse_program(forged(change), name="p.program")


@pytest.mark.parametrize("name", ["wake word.tosa", "net.TFLITE", "model.onnx", "other.program", "notes.txt"])
def test_the_command_that_is_named_never_writes_over_what_was_given(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"something else")
    with pytest.raises(BadInput, match="is not a Chipsmith program") as refused:
        read_program(path)
    words = shlex.split(str(refused.value).split("`")[1])
    assert Path(words[words.index("-o") + 1]) not in (path, Path(name))
    assert words[2] in (str(path), "MODEL")
