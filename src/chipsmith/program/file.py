"""The `.program` file: one file that is safe to load and needs no other.

Layout, little-endian: 8 bytes magic, u32 version, u32 header bytes, u64 constants bytes, 32 bytes SHA-256 of
what follows; then the header (JSON: chip, manifest, number of instructions) and the image of external memory,
whose first pages are the instructions.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shlex
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath
from typing import Any

from pydantic import TypeAdapter, ValidationError

from chipsmith.chip.description import INSTRUCTION_BYTES, Chip
from chipsmith.chip.timing import check_clock
from chipsmith.errors import BadInput
from chipsmith.files import read_ordinary, write_whole
from chipsmith.program.instructions import Instruction, decode_instruction
from chipsmith.program.limits import Limits, environment_limits
from chipsmith.program.program import Count, Manifest, Program, page_bytes, page_count
from chipsmith.program.verify import verify_program
from chipsmith.program.verify_manifest import verify_manifest

MAGIC = b"CHIPSMTH"
VERSION = 2
"""Grows where bits change their meaning: since 2 a GATHER says what it does outside of its table."""
_PREFIX = struct.Struct("<8sIIQ32s")


_IMAGE_COPIES = 3
"""Of the image: as the file, as the Program's constants, and marked byte by byte where it is loaded."""
_DECODED_BYTES = 50
"""Memory that a byte of header or of instructions takes as values, at most."""
_NETWORKS = frozenset({".tosa", ".tflite", ".onnx"})
"""How files of networks end, which are compiled first."""
_SHOWN = 60
"""Characters of a faulty value that a message shows."""


@dataclass(frozen=True, kw_only=True)
class _Header:
    """The header as it stands in the file."""

    chip: Chip
    chip_sha256: str
    instructions: Count
    manifest: Manifest


@cache
def _header_form() -> TypeAdapter[_Header]:
    """Made when the first file is read: it takes as long as importing a small package."""
    return TypeAdapter(_Header)


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
    fields |= {"inputs": [port.to_json() for port in manifest.inputs]}
    fields |= {"outputs": [port.to_json() for port in manifest.outputs]}
    return fields


def _placement_fields(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if name != "source" or value}


def write_program(program: Program, path: Path) -> None:
    """Write a `.program` file, whole or not at all."""
    write_whole(path, serialize_program(program))


def read_program(path: Path, *, limits: Limits | None = None) -> Program:
    """The verified Program of a file; BadInput where it is missing, foreign, damaged, faulty or of another version.

    BadInput also where reading it would take more memory than `limits` allow, which are the environment's by default.
    """
    allowed = limits or environment_limits()
    try:
        allowed.check_memory(path.stat().st_size * _IMAGE_COPIES, f"reading {path}")
        data = read_ordinary(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    return parse_program(data, name=str(path), limits=allowed)


def parse_program(data: bytes, *, name: str, limits: Limits | None = None) -> Program:
    """The Program of a file's bytes; `name` stands in the message of the BadInput that refuses them."""
    allowed = limits or environment_limits()
    header_bytes, constants = _sections(data, name)
    allowed.check_memory(_values_bytes(data, len(header_bytes)), f"reading {name}")
    header = _header(header_bytes, name)
    if header.chip_sha256 != header.chip.sha256:
        raise BadInput(f"{name} was made for another description of {header.chip.name}; compile the network again")
    pages = page_count(header.chip, header.instructions) * page_bytes(header.chip)
    if not 0 < pages <= len(constants):
        raise BadInput(
            f"{name} names {header.instructions} instructions, more than its image holds; compile the network again"
        )
    allowed.check_memory(_values_bytes(data, len(header_bytes) + pages), f"reading {name}")
    instructions = _instructions(constants, header.instructions, name)
    program = Program(chip=header.chip, instructions=instructions, constants=constants, manifest=header.manifest)
    with _naming(name):
        check_clock(header.chip, origin=header.chip.name)
        verify_program(program, limits=allowed)
        verify_manifest(program)
    return program


def _values_bytes(data: bytes, decoded: int) -> int:
    """Memory that a file takes of which so many bytes become values."""
    return len(data) * _IMAGE_COPIES + decoded * _DECODED_BYTES


def _header(data: bytes, name: str) -> _Header:
    try:
        return _header_form().validate_json(data, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        what = (
            "is missing" if first["type"] == "missing" else f"is {_shown(first['input'])}, which no program holds there"
        )
        fault = f"{place} {what}" if place else "it is no JSON object"
        raise BadInput(f"{name} has a damaged header: {fault}; compile the network again") from error


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python writes no integers of thousands of digits
        return "a very long number"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Says of which file a fault is."""
    try:
        yield
    except BadInput as fault:
        raise BadInput(f"{name}: {fault}; compile the network again") from fault


def _making(name: str) -> str:
    """How a program comes to be; never at the name of what was given, which a command as it stands would overwrite."""
    model = shlex.quote(name) if PurePath(name).suffix.lower() in _NETWORKS else "MODEL"
    written = shlex.quote(f"{PurePath(name).stem}.program") if model != "MODEL" else "P.program"
    return f"`chipsmith compile {model} --chip CHIP -o {written}` makes one"


def _sections(data: bytes, name: str) -> tuple[bytes, bytes]:
    if len(data) < _PREFIX.size or data[: len(MAGIC)] != MAGIC:
        raise BadInput(f"{name} is not a Chipsmith program; {_making(name)}")
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


def _instructions(constants: bytes, count: int, name: str) -> tuple[Instruction, ...]:
    starts = range(0, count * INSTRUCTION_BYTES, INSTRUCTION_BYTES)
    with _naming(name):
        return tuple(decode_instruction(constants[start : start + INSTRUCTION_BYTES]) for start in starts)
