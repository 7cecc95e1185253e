"""The RTL on its bus: a host that reads and writes the registers, and a memory behind AXI4 that may behave badly."""

from __future__ import annotations

import ctypes
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chipsmith.chip.description import Chip
from chipsmith.hardware.loaded_bench import HANDLE, POINTER, UINT32, UINT64, LoadedBench, Signatures, load_bench
from chipsmith.hardware.package import Error
from chipsmith.hardware.registers import REGISTERS
from chipsmith.hardware.simulate import Bytes
from chipsmith.hardware.violations import raise_violation

MOST_CYCLES = 1 << 26
"""Cycles after which the host gives a wait up."""
ADDRESSES: Mapping[str, int] = {register.name: register.address for register in REGISTERS}
"""Byte address of each register by name."""
MASKS: Mapping[str, int] = {
    f"{register.name}.{field.name}": field.mask for register in REGISTERS for field in register.fields
}
"""Bits of each field within its register, by "REGISTER.FIELD"."""

_STATUS_ERROR = next(
    field for register in REGISTERS for field in register.fields if (register.name, field.name) == ("STATUS", "ERROR")
)

_NO_RESPONSE = 0xFFFFFFFF


class Response(enum.IntEnum):
    """An answer of AXI (RRESP, BRESP), or none within the time that was given."""

    OKAY = 0
    SLVERR = 2
    DECERR = 3
    NONE = _NO_RESPONSE


@dataclass(frozen=True, kw_only=True)
class BusBehaviour:
    """How the bus and the host behave.

    `latency_cycles`: from the request of a burst, or the last word of a write, to the first answer; `open_bursts`: of
    each direction, how many wait for answers at most (None: as many as the machine wants); `stall_per_1024`: of 1024
    cycles, in how many a channel is not ready; `late_per_1024` and `error_per_1024`: of 1024 answers, how many come
    late, or are SLVERR or DECERR; `host_stall_per_1024`: of 1024 cycles, in how many the host hesitates; `silent`: no
    answers at all; `fault_response`: the answer of the bytes `fault_bytes` of the memory, first to end.
    """

    latency_cycles: int
    open_bursts: int | None = None
    stall_per_1024: int = 0
    late_per_1024: int = 0
    error_per_1024: int = 0
    host_stall_per_1024: int = 0
    silent: bool = False
    fault_response: Response = Response.SLVERR
    fault_bytes: range = range(0)
    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class BusState:
    """What the bus has seen since the machine was made: open bursts now, most open, bursts and words of each direction.

    `breaches` counts the cycles that broke a rule of AXI, `breach` names the first; `cycle` is the time.
    """

    cycle: int
    breaches: int
    breach: str
    open_reads: int
    open_writes: int
    most_open: int
    read_bursts: int
    read_words: int
    write_bursts: int
    write_words: int
    error_responses: int
    interrupt: bool


class _Behaviour(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_uint32) for name in ("latency_cycles", "open_bursts", "stall_per_1024", "late_per_1024")),
        *((name, ctypes.c_uint32) for name in ("error_per_1024", "host_stall_per_1024", "silent", "fault_response")),
        ("fault_first", ctypes.c_uint64),
        ("fault_end", ctypes.c_uint64),
        ("seed", ctypes.c_uint32),
    )


_COUNTS = (
    *("cycle", "breaches", "open_reads", "open_writes", "most_open"),
    *("read_bursts", "read_words", "write_bursts", "write_words", "error_responses"),
)


class _State(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_uint64) for name in _COUNTS),
        ("interrupt", ctypes.c_uint32),
        ("breach", ctypes.c_char * 128),
    )


_SIGNATURES: Signatures = {
    "bench_create": (HANDLE, (UINT32, UINT32)),
    "bench_destroy": (None, (HANDLE,)),
    "bench_attach": (None, (HANDLE, POINTER, UINT64, UINT64)),
    "bench_behave": (None, (HANDLE, POINTER)),
    "bench_reset": (None, (HANDLE, UINT64)),
    "bench_write": (UINT32, (HANDLE, UINT32, UINT32, UINT32, UINT64)),
    "bench_read": (UINT32, (HANDLE, UINT32, POINTER, UINT64)),
    "bench_clock": (None, (HANDLE, UINT64)),
    "bench_until_interrupt": (UINT64, (HANDLE, UINT64)),
    "bench_state": (None, (HANDLE, POINTER)),
}


class AxiMachine(LoadedBench):
    """A chip's RTL with its bus after reset; a context manager.

    `library`: of `build_machine` for AXI_MACHINE; `seed`: of what its registers hold before the reset.
    """

    def __init__(self, chip: Chip, library: Path, *, seed: int = 1) -> None:
        self._library = load_bench(library, _SIGNATURES)
        self._handle = ctypes.c_void_p(self._library.bench_create(seed, chip.external.bytes_per_cycle))
        self._memory: Bytes | None = None
        self.behave(BusBehaviour(latency_cycles=chip.external.latency_cycles))
        self.reset()

    def reset(self, cycles: int = 1) -> None:
        """Reset the machine and the bus together for some cycles."""
        self._library.bench_reset(self._handle, cycles)

    def attach(self, memory: Bytes, base: int) -> None:
        """Put a memory behind the bus, from the bus address `base` on; the machine reads and changes it."""
        self._memory = memory
        self._library.bench_attach(self._handle, memory.ctypes, memory.size, base)

    def behave(self, behaviour: BusBehaviour) -> None:
        """Let bus and host behave so from now on."""
        self._library.bench_behave(
            self._handle,
            ctypes.byref(
                _Behaviour(
                    latency_cycles=behaviour.latency_cycles,
                    open_bursts=behaviour.open_bursts or 0,
                    stall_per_1024=behaviour.stall_per_1024,
                    late_per_1024=behaviour.late_per_1024,
                    error_per_1024=behaviour.error_per_1024,
                    host_stall_per_1024=behaviour.host_stall_per_1024,
                    silent=behaviour.silent,
                    fault_response=behaviour.fault_response,
                    fault_first=behaviour.fault_bytes.start,
                    fault_end=behaviour.fault_bytes.stop,
                    seed=behaviour.seed,
                )
            ),
        )

    def write(self, register: str | int, value: int, *, lanes: int = 0xF, most_cycles: int = MOST_CYCLES) -> Response:
        """Write a register, by name or byte address; `lanes`: its WSTRB. The answer."""
        return Response(self._library.bench_write(self._handle, _address(register), value, lanes, most_cycles))

    def read(self, register: str | int, *, most_cycles: int = MOST_CYCLES) -> tuple[Response, int]:
        """Read a register, by name or byte address: the answer and the value."""
        value = ctypes.c_uint32()
        response = self._library.bench_read(self._handle, _address(register), ctypes.byref(value), most_cycles)
        return Response(response), value.value

    def value(self, register: str | int) -> int:
        """The value of a register that answers OKAY."""
        response, value = self.read(register)
        assert response is Response.OKAY, f"{register}: {response.name}"
        return value

    def clock(self, cycles: int) -> None:
        """Let some cycles pass."""
        self._library.bench_clock(self._handle, cycles)

    def wait_interrupt(self, most_cycles: int = MOST_CYCLES) -> bool:
        """Let cycles pass until irq is high; whether it is, after `most_cycles` at the latest."""
        self._library.bench_until_interrupt(self._handle, most_cycles)
        return self.state().interrupt

    def state(self) -> BusState:
        """What the bus has seen so far."""
        state = _State()
        self._library.bench_state(self._handle, ctypes.byref(state))
        raise_violation(self._library)
        counts = {name: getattr(state, name) for name in _COUNTS}
        return BusState(breach=state.breach.decode(), interrupt=bool(state.interrupt), **counts)


@dataclass(frozen=True, kw_only=True)
class AxiEnding:
    """How an inference on the bus ended: EVENTS, STATUS, CYCLES and BUS_ERROR; `interrupt`: within the time given."""

    interrupt: bool
    events: int
    status: int
    cycles: int
    bus_error: int

    @property
    def done(self) -> bool:
        """Whether the inference is complete."""
        return bool(self.events & MASKS["EVENTS.DONE"])

    @property
    def error(self) -> Error:
        """The error code of STATUS."""
        return error_of(self.status)


def error_of(status: int) -> Error:
    """The error code in a value of STATUS."""
    return Error((status & _STATUS_ERROR.mask) >> _STATUS_ERROR.low)


def start_inference(machine: AxiMachine, *, base: int, warm: bool = False, watchdog_cycles: int = 0) -> None:
    """Clear the events, set all registers of an inference and ring the doorbell; every event raises irq."""
    settings = {
        "EVENTS": 0x7,
        "BASE_LOW": base & 0xFFFFFFFF,
        "BASE_HIGH": base >> 32,
        "INTERRUPT": 0x7,
        "WATCHDOG": watchdog_cycles,
        "CONTROL": MASKS["CONTROL.START"] | (MASKS["CONTROL.WARM"] if warm else 0),
    }
    for register, value in settings.items():
        response = machine.write(register, value)
        assert response is Response.OKAY, f"{register}: {response.name}"


def await_ending(machine: AxiMachine, *, most_cycles: int = MOST_CYCLES) -> AxiEnding:
    """Wait for an interrupt and read how the inference stands."""
    interrupt = machine.wait_interrupt(most_cycles)
    names = ("EVENTS", "STATUS", "CYCLES", "BUS_ERROR")
    events, status, cycles, bus_error = (machine.value(name) for name in names)
    return AxiEnding(interrupt=interrupt, events=events, status=status, cycles=cycles, bus_error=bus_error)


def _address(register: str | int) -> int:
    return ADDRESSES[register] if isinstance(register, str) else register
