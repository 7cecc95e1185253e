"""The registers of the control port: the one table from which RTL, C header and documents are made."""

from __future__ import annotations

import enum
from dataclasses import dataclass

PAGE_BYTES = 4096
"""A burst of AXI4 never crosses a border of so many bytes, and BASE is a multiple of it."""


class Access(enum.Enum):
    """How software uses a register: read, write, both, or read and clear by writing ones."""

    RO = "RO"
    WO = "WO"
    RW = "RW"
    W1C = "W1C"


@dataclass(frozen=True, kw_only=True)
class RegisterField:
    """Some bits of a register: the lowest, how many, and the meaning."""

    name: str
    low: int
    width: int = 1
    meaning: str

    @property
    def mask(self) -> int:
        """The bits of the field within the register."""
        return ((1 << self.width) - 1) << self.low


@dataclass(frozen=True, kw_only=True)
class Register:
    """A register of 32 bits: byte address, access, value after reset, meaning, and its fields where it has some.

    `of_chip`: its value is the first 32 bits of the SHA-256 of the chip's description, in place of `reset`.
    """

    address: int
    name: str
    access: Access
    reset: int = 0
    meaning: str
    fields: tuple[RegisterField, ...] = ()
    of_chip: bool = False

    def value_after_reset(self, chip_sha256: str) -> int:
        """The value after reset on the chip with this SHA-256 (hexadecimal)."""
        return int(chip_sha256[:8], 16) if self.of_chip else self.reset


IDENTITY = 0x43485053
"""ASCII CHPS."""
INTERFACE_VERSION = 2
"""Version of this table."""

_EVENTS = (
    RegisterField(name="DONE", low=0, meaning="an inference is complete: its outputs are in the memory"),
    RegisterField(name="ERROR", low=1, meaning="the machine stopped with an error"),
    RegisterField(name="ABORTED", low=2, meaning="an abort is complete: the machine is idle"),
)

REGISTERS = (
    Register(address=0x00, name="IDENTITY", access=Access.RO, reset=IDENTITY, meaning="ASCII CHPS"),
    Register(
        address=0x04, name="INTERFACE", access=Access.RO, reset=INTERFACE_VERSION, meaning="version of these registers"
    ),
    Register(
        address=0x08,
        name="CHIP",
        access=Access.RO,
        meaning="first 32 bits of the SHA-256 of the chip's description",
        of_chip=True,
    ),
    Register(
        address=0x0C,
        name="CONTROL",
        access=Access.WO,
        meaning="commands",
        fields=(
            RegisterField(name="START", low=0, meaning="the doorbell; heeded only while STATUS is 0, else ignored"),
            RegisterField(
                name="WARM",
                low=1,
                meaning="with START: constants of the last inference are on the chip; heeded where that came to DONE",
            ),
            RegisterField(
                name="ABORT",
                low=2,
                meaning="stop, drain the bus, clear the error; heeded always, and before START",
            ),
        ),
    ),
    Register(
        address=0x10,
        name="STATUS",
        access=Access.RO,
        meaning="state; 0 is idle",
        fields=(
            RegisterField(name="RUNNING", low=0, meaning="from START until DONE or ERROR"),
            RegisterField(name="DRAINING", low=1, meaning="an abort waits for the bus"),
            RegisterField(name="ERROR", low=4, width=4, meaning="error code; stays until an abort"),
        ),
    ),
    Register(
        address=0x14,
        name="EVENTS",
        access=Access.W1C,
        meaning="what happened; START clears DONE",
        fields=_EVENTS,
    ),
    Register(
        address=0x18,
        name="INTERRUPT",
        access=Access.RW,
        meaning="which EVENTS raise irq",
        fields=_EVENTS,
    ),
    Register(
        address=0x1C, name="INDEX", access=Access.RO, meaning="the instruction that is next, or that stands in error"
    ),
    Register(address=0x20, name="CYCLES", access=Access.RO, meaning="cycles since START; once done, the latency"),
    Register(
        address=0x24,
        name="BASE_LOW",
        access=Access.RW,
        meaning=f"bus address of external byte 0, low 32 bits: a multiple of {PAGE_BYTES}, else SLVERR and unchanged; "
        "heeded only while STATUS is 0",
    ),
    Register(
        address=0x28,
        name="BASE_HIGH",
        access=Access.RW,
        meaning="the same, high 32 bits; heeded only while STATUS is 0",
    ),
    Register(
        address=0x2C,
        name="WATCHDOG",
        access=Access.RW,
        reset=0xFFFFFFFF,
        meaning="an inference that takes more cycles stops with the error WATCHDOG; 0: never; taken at START",
    ),
    Register(
        address=0x30,
        name="BUS_ERROR",
        access=Access.RO,
        meaning="the first error response of the bus; stays until an abort",
        fields=(
            RegisterField(name="RESPONSE", low=0, width=2, meaning="RRESP or BRESP: 2 SLVERR, 3 DECERR; 0 none"),
            RegisterField(name="WRITE", low=2, meaning="it answered a write"),
        ),
    ),
)
"""All registers, by address."""
