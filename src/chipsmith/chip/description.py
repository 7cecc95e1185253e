"""The noun Chip: a buildable machine as a frozen, validated value; every unit is in its field's name."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from chipsmith.chip.tables import read_table
from chipsmith.shown import Shown

SCHEMA_VERSION = 1
INSTRUCTION_BYTES = 128
"""Bytes of one instruction."""
INSTRUCTION_PAGES = 2
"""Pages of the instruction memory: one executes while the other is loaded."""
TABLE_COPY_BYTES = 1024
"""Bytes of one copy of the lookup table: 512 entries of 16 bits."""
ACCUMULATOR_TILES = 2
"""Accumulator tiles: one accumulates while the other drains."""
ACCUMULATOR_WORD_BYTES = 4
"""Bytes of one accumulator."""
BANKS_PER_GROUP = 2
"""Interleaved single-port banks in a group of the on-chip memory."""
ExternalKind = Literal["LPDDR4", "LPDDR2", "DDR3", "GDDR5", "HBM2", "HBM3"]


def powers_of_two(low: int, high: int) -> dict[str, Any]:
    """The `json_schema_extra` of a field that holds a power of two from `low` to `high` (both powers of two)."""
    return {"enum": [1 << bit for bit in range(low.bit_length() - 1, high.bit_length())]}


class Section(Shown, BaseModel):
    """A part of a chip file: frozen, without unknown keys, without silent conversion of types.

    A field whose schema has an `enum` (powers of two) accepts these values only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    @field_validator("*", mode="after")
    @classmethod
    def _enumerated(cls, value: Any, info: ValidationInfo) -> Any:
        extra = cls.model_fields[str(info.field_name)].json_schema_extra
        if isinstance(extra, dict) and value not in extra["enum"]:  # type: ignore[operator]
            raise ValueError("not one of the allowed values")
        return value


class Technology(Section):
    """The process that the chip is priced in; it changes no cycle."""

    node_nm: int = Field(ge=7, le=130, description="feature size in nanometres")
    voltage_v: float = Field(ge=0.5, le=1.3, description="supply of the logic in volts")


class TensorEngine(Section):
    """The multiply-accumulate array with its two accumulator tiles."""

    rows: int = Field(
        json_schema_extra=powers_of_two(4, 128),
        description="bytes of one activation read, which is the reduction width of the array "
        "and the line width of the on-chip memory",
    )
    columns: int = Field(json_schema_extra=powers_of_two(4, 128), description="output channels computed at once")
    tile_pixels: int = Field(
        json_schema_extra=powers_of_two(8, 1024),
        description="output pixels in an accumulator tile (there are two tiles)",
    )


class VectorEngine(Section):
    """The engine of elementwise, reducing and table operators, and the multipliers that requantisation shares."""

    lanes: int = Field(json_schema_extra=powers_of_two(2, 128), description="elements processed in a cycle")
    multiplier_lanes: int = Field(
        json_schema_extra=powers_of_two(1, 128), description="32 x 32-bit multipliers, shared with requantisation"
    )
    table_lanes: int = Field(
        json_schema_extra=powers_of_two(1, 128), description="copies of the lookup table: lookups in a cycle"
    )

    @model_validator(mode="after")
    def _shared(self) -> Self:
        for name in ("multiplier_lanes", "table_lanes"):
            if getattr(self, name) > self.lanes:
                raise ValueError(f"{name} ({getattr(self, name)}) may be at most lanes ({self.lanes})")
        return self


class Memory(Section):
    """The on-chip memory of activations and weights: groups of two interleaved single-port banks.

    Its bounds keep every on-chip address within 24 bits.
    """

    groups: int = Field(ge=2, le=15, description="bank groups; an instruction owns whole groups")
    group_bytes: int = Field(json_schema_extra=powers_of_two(256, 1 << 20), description="bytes of a group (two banks)")


class InstructionMemory(Section):
    """The two-page instruction memory."""

    page_instructions: int = Field(
        json_schema_extra=powers_of_two(2, 256), description="instructions of 128 bytes in a page (there are two pages)"
    )


class ExternalMemory(Section):
    """The contract of the external memory; read and write each have it."""

    kind: ExternalKind = Field(description="the memory's kind: what a byte costs, and how many move at least")
    latency_cycles: int = Field(ge=1, le=4095, description="cycles from a command to its first bytes")
    bytes_per_cycle: int = Field(json_schema_extra=powers_of_two(1, 128), description="bytes a cycle, each way")
    size_mib: int = Field(ge=1, le=4096, description="size in MiB")

    @property
    def atom_bytes(self) -> int:
        """Aligned bytes that the memory moves at least: a burst of its kind (tables/external_atoms.csv), or a word."""
        return max(_atoms()[self.kind], self.bytes_per_cycle)


@functools.cache
def _atoms() -> Mapping[str, int]:
    """Bytes that each kind of external memory moves at least."""
    return {row["kind"]: int(row["atom_bytes"]) for row in read_table("external_atoms")}


class Chip(Section):
    """A chip that can be built: the parameters from which engines, memories, prices and RTL are derived."""

    schema_version: Literal[1] = Field(description="version of this file's form")
    kind: Literal["machine"] = Field(description="a chip of the buildable family")
    name: str = Field(min_length=1, max_length=200, description="name of the chip in reports")
    description: str = Field(default="", description="what the chip is for, in a sentence")
    technology: Technology
    clock_mhz: int = Field(ge=1, le=5000, description="clock in MHz")
    tensor: TensorEngine
    vector: VectorEngine
    memory: Memory
    instructions: InstructionMemory
    external: ExternalMemory

    def _brief(self) -> str:
        return (
            f"{self.name}: {self.tensor.rows} x {self.tensor.columns} MACs and {self.vector.lanes} lanes at "
            f"{self.clock_mhz} MHz, {self.on_chip_bytes >> 10} KiB on chip, {self.technology.node_nm} nm, "
            f"{self.external.kind} with {self.external.bytes_per_cycle} bytes a cycle"
        )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for fault in _faults(self):
            raise ValueError(fault)
        return self

    @property
    def macs(self) -> int:
        """8-bit multiply-accumulates that the array can do in a cycle."""
        return self.tensor.rows * self.tensor.columns

    @property
    def clock_hz(self) -> int:
        """Clock in hertz."""
        return self.clock_mhz * 1_000_000

    @property
    def line_bytes(self) -> int:
        """Bytes of a line of the on-chip memory."""
        return self.tensor.rows

    @property
    def memory_bytes(self) -> int:
        """Bytes of the on-chip memory of activations and weights: all groups."""
        return self.memory.groups * self.memory.group_bytes

    @property
    def accumulator_bytes(self) -> int:
        """Bytes of the two accumulator tiles."""
        return ACCUMULATOR_TILES * self.tensor.tile_pixels * self.tensor.columns * ACCUMULATOR_WORD_BYTES

    @property
    def instruction_bytes(self) -> int:
        """Bytes of the two instruction pages."""
        return INSTRUCTION_PAGES * self.instructions.page_instructions * INSTRUCTION_BYTES

    @property
    def table_bytes(self) -> int:
        """Bytes of all copies of the lookup table."""
        return self.vector.table_lanes * TABLE_COPY_BYTES

    @property
    def on_chip_bytes(self) -> int:
        """Bytes of all memories on the chip (the array's weight registers are flip-flops and counted apart)."""
        return self.memory_bytes + self.accumulator_bytes + self.instruction_bytes + self.table_bytes

    @property
    def external_bytes(self) -> int:
        """Bytes of the external memory."""
        return self.external.size_mib << 20

    @property
    def canonical(self) -> str:
        """The chip as JSON with sorted keys and no spaces: equal chips have equal texts."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))

    @property
    def sha256(self) -> str:
        """SHA-256 of the canonical form, in hexadecimal."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    @property
    def identity(self) -> dict[str, str]:
        """Name and hash, as the JSON objects of commands hold them."""
        return {"chip": self.name, "chip_sha256": self.sha256}

    def to_yaml(self) -> str:
        """The chip as a YAML text that `read_chip` reads back to an equal chip."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=120)


def _faults(chip: Chip) -> list[str]:
    rows = chip.tensor.rows
    checks = {
        f"external.bytes_per_cycle ({chip.external.bytes_per_cycle}) may be at most tensor.rows ({rows}), "
        "the line width of the on-chip memory": chip.external.bytes_per_cycle <= rows,
        f"memory.group_bytes ({chip.memory.group_bytes}) must hold at least 8 lines of tensor.rows ({rows}) bytes "
        "in each of its two banks": chip.memory.group_bytes >= 8 * BANKS_PER_GROUP * rows,
    }
    return [fault for fault, holds in checks.items() if not holds]


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a chip file."""
    return Chip.model_json_schema()
