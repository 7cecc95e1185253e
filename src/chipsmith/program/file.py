"""The `.program` file: one file that is safe to load and needs no other.

Layout, little-endian: 8 bytes magic, u32 version, u32 header bytes, u64 constants bytes, 32 bytes SHA-256 of
what follows; then the header (JSON: chip, manifest, number of instructions) and the image of external memory,
whose first pages are the instructions.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from chipsmith.chip.description import INSTRUCTION_BYTES, Chip
from chipsmith.errors import BadInput
from chipsmith.files import write_whole
from chipsmith.program.instructions import Instruction, decode_instruction
from chipsmith.program.program import Manifest, Program, page_bytes, page_count
from chipsmith.program.verify import verify_program

MAGIC = b"CHIPSMTH"
VERSION = 2
"""Grows where bits change their meaning: since 2 a GATHER says what it does outside of its table."""
_PREFIX = struct.Struct("<8sIIQ32s")


@cache
def _manifest_form() -> TypeAdapter[Manifest]:
    """Made when the first file is read: it takes as long as importing a small package."""
    return TypeAdapter(Manifest)


def serialize_program(program: Program) -> bytes:
    """The bytes of a `.program` file."""
    header = json.dumps(
        {
            "chip": program.chip.model_dump(mode="json"),
            "chip_sha256": program.chip.sha256,
            "instructions": len(program.instructions),
            "manifest": _manifest_fields(program.manifest),
        },
        sort_keys=True,
    ).encode()
    digest = hashlib.sha256(header + program.constants).digest()
    return _PREFIX.pack(MAGIC, VERSION, len(header), len(program.constants), digest) + header + program.constants


def _manifest_fields(manifest: Manifest) -> dict[str, Any]:
    """The fields that hold something: without what is optional the bytes are as before there was any of it."""
    fields = dataclasses.asdict(manifest)
    for name in ("deployment", "wipe_start"):
        if fields[name] is None:
            del fields[name]
    fields["operators"] = [_placement_fields(placement) for placement in fields["operators"]]
    for ports in ("inputs", "outputs"):
        fields[ports] = [_port_fields(port) for port in fields[ports]]
    return fields


def _placement_fields(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if name != "source" or value}


def _port_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name != "index_range" or value is not None}


def write_program(program: Program, path: Path) -> None:
    """Write a `.program` file, whole or not at all."""
    write_whole(path, serialize_program(program))


def read_program(path: Path) -> Program:
    """The verified Program of a file; BadInput where it is missing, foreign, damaged, faulty or of another version."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    return parse_program(data, name=str(path))


def parse_program(data: bytes, *, name: str) -> Program:
    """The Program of a file's bytes; `name` stands in the message of the BadInput that refuses them."""
    header, constants = _sections(data, name)
    try:
        content = json.loads(header)
        chip = Chip.model_validate_json(json.dumps(content["chip"]))
        manifest = _manifest_form().validate_json(json.dumps(content["manifest"]))
        count = int(content["instructions"])
        stated = content["chip_sha256"]
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise BadInput(f"{name} has a damaged header ({type(error).__name__}); compile the network again") from error
    if stated != chip.sha256:
        raise BadInput(f"{name} was made for another description of {chip.name}; compile the network again")
    instructions = _instructions(chip, constants, count, name)
    program = Program(chip=chip, instructions=instructions, constants=constants, manifest=manifest)
    with _naming(name):
        verify_program(program)
    return program


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Says of which file a fault is."""
    try:
        yield
    except BadInput as fault:
        raise BadInput(f"{name}: {fault}; compile the network again") from fault


def _sections(data: bytes, name: str) -> tuple[bytes, bytes]:
    if len(data) < _PREFIX.size or data[: len(MAGIC)] != MAGIC:
        raise BadInput(f"{name} is not a Chipsmith program; `chipsmith compile MODEL --chip CHIP -o {name}` makes one")
    _, version, header_bytes, constants_bytes, digest = _PREFIX.unpack_from(data)
    if version != VERSION:
        raise BadInput(f"{name} has program version {version}; this Chipsmith reads version {VERSION}: compile again")
    expected = _PREFIX.size + header_bytes + constants_bytes
    if len(data) != expected:
        raise BadInput(f"{name} has {len(data)} bytes where its header says {expected}: it is truncated or damaged")
    if hashlib.sha256(data[_PREFIX.size :]).digest() != digest:
        raise BadInput(f"{name} is damaged: its checksum does not fit its content; compile the network again")
    split = _PREFIX.size + header_bytes
    return data[_PREFIX.size : split], data[split:]


def _instructions(chip: Chip, constants: bytes, count: int, name: str) -> tuple[Instruction, ...]:
    if count < 1 or page_count(chip, count) * page_bytes(chip) > len(constants):
        raise BadInput(f"{name} names {count} instructions, more than its image holds; compile the network again")
    starts = range(0, count * INSTRUCTION_BYTES, INSTRUCTION_BYTES)
    with _naming(name):
        return tuple(decode_instruction(constants[start : start + INSTRUCTION_BYTES]) for start in starts)
