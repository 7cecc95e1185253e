"""Runs a Program on the RTL of its chip: outputs, cycles, start and end of each instruction, error state."""

from __future__ import annotations

import ctypes
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chipsmith.chip.description import Chip
from chipsmith.errors import BadInput, CheckFailed
from chipsmith.hardware.build import UNDEFINED, build_machine
from chipsmith.hardware.loaded_bench import HANDLE, POINTER, UINT64, LoadedBench, Signatures, load_bench
from chipsmith.hardware.package import MAX_BURST, Error
from chipsmith.hardware.registers import PAGE_BYTES
from chipsmith.hardware.violations import raise_violation
from chipsmith.program.arithmetic import round_up
from chipsmith.program.program import Port, Program

Bytes = npt.NDArray[np.uint8]
Cycles = npt.NDArray[np.uint64]

MOST_CYCLES = 1 << 32
"""Cycles after which a run is given up."""

_SIZE = struct.Struct("<I")
_TEMPORARY = re.compile(r"__V(dlyVal|dlyDim|dlySet|lemCall|lvbound|func|task|dfg)_")
"""Variables in which Verilator passes values between parts of its own code: no net or register is behind them."""


@dataclass(frozen=True, kw_only=True)
class MemoryBehaviour:
    """How the external memory of a run behaves; the default keeps the contract of the Program's chip.

    `latency_cycles`: in place of the chip's; `late_per_1024`: of 1024 answers, how many come late;
    `stall_per_1024`: of 1024 cycles, in how many a channel is not ready.
    """

    latency_cycles: int | None = None
    late_per_1024: int = 0
    stall_per_1024: int = 0
    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class Halt:
    """An error from outside of the machine, such as an error response of its bus, and the cycle in which it comes."""

    cycle: int
    error: Error


@dataclass(frozen=True, kw_only=True)
class RtlRun:
    """What the RTL did with a Program.

    `outputs` by port name, with the ports' shapes; `latency_cycles`: the start of END, or the last cycle of a run
    that did not finish; `start` and `end` of each issued instruction, in cycles from the doorbell; `late` answers and
    `stalls` break the memory's contract; `read_bursts` and `write_bursts`: how many the machine asked for;
    `error_index` is the instruction that was next when the machine stopped.
    """

    outputs: dict[str, npt.NDArray[np.generic]]
    latency_cycles: int
    start: Cycles
    end: Cycles
    finished: bool
    error: Error
    error_index: int
    late: int
    stalls: int
    read_bursts: int
    write_bursts: int
    out_of_range: int


class _Options(ctypes.Structure):
    _fields_ = (
        ("most_cycles", ctypes.c_uint64),
        ("latency_cycles", ctypes.c_uint32),
        ("word_bytes", ctypes.c_uint32),
        ("atom_bytes", ctypes.c_uint32),
        ("burst_words", ctypes.c_uint32),
        ("page_bytes", ctypes.c_uint32),
        ("warm", ctypes.c_uint32),
        ("late_per_1024", ctypes.c_uint32),
        ("stall_per_1024", ctypes.c_uint32),
        ("seed", ctypes.c_uint32),
        ("halt", ctypes.c_uint32),
        ("halt_cycle", ctypes.c_uint64),
        ("wave", ctypes.c_char_p),
    )


class _Counters(ctypes.Structure):
    _fields_ = (
        ("latency_cycles", ctypes.c_uint64),
        ("issued", ctypes.c_uint64),
        ("late", ctypes.c_uint64),
        ("stalls", ctypes.c_uint64),
        ("read_bursts", ctypes.c_uint64),
        ("write_bursts", ctypes.c_uint64),
        ("out_of_range", ctypes.c_uint64),
        ("finished", ctypes.c_uint32),
        ("error", ctypes.c_uint32),
        ("error_index", ctypes.c_uint32),
        ("breach_cycle", ctypes.c_uint32),
        ("breach", ctypes.c_char_p),
    )


_SIGNATURES: Signatures = {
    "bench_create": (HANDLE, ()),
    "bench_destroy": (None, (HANDLE,)),
    "bench_reset": (None, (HANDLE,)),
    "bench_run": (None, (HANDLE, POINTER, UINT64, POINTER, POINTER, POINTER, UINT64, POINTER)),
    "bench_contents": (UINT64, (HANDLE, POINTER, UINT64)),
}


class Machine(LoadedBench):
    """A chip's RTL after reset, ready for inferences one after the other; a context manager."""

    def __init__(self, chip: Chip, library: Path) -> None:
        self._chip = chip
        self._library = load_bench(library, _SIGNATURES)
        self._handle = ctypes.c_void_p(self._library.bench_create())

    def reset(self) -> None:
        """Hold reset for some cycles; leaves the error state."""
        self._library.bench_reset(self._handle)

    def infer(
        self,
        program: Program,
        memory: Bytes,
        *,
        warm: bool = False,
        behaviour: MemoryBehaviour | None = None,
        most_cycles: int = MOST_CYCLES,
        halt: Halt | None = None,
        wave: Path | None = None,
    ) -> RtlRun:
        """One inference on an external memory, which the machine reads and changes; it is of whole atoms.

        With `halt` the run takes `most_cycles`, so that what comes behind an error is seen. CheckFailed where the
        machine breaks a rule of its bursts.
        """
        options = _options(
            self._chip, behaviour or MemoryBehaviour(), warm=warm, most_cycles=most_cycles, halt=halt, wave=wave
        )
        count = len(program.instructions)
        start, end, counters = np.zeros(count, np.uint64), np.zeros(count, np.uint64), _Counters()
        self._library.bench_run(
            self._handle, memory.ctypes, memory.size, ctypes.byref(options), start.ctypes, end.ctypes, count,
            ctypes.byref(counters),
        )  # fmt: skip
        if counters.breach:
            raise CheckFailed(f"the RTL breaks a rule in cycle {counters.breach_cycle}: {counters.breach.decode()}")
        raise_violation(self._library)
        outputs = {port.name: read_output(memory, port) for port in program.manifest.outputs}
        return _run_of(counters, outputs, start, end)

    def contents(self) -> dict[str, bytes]:
        """What each memory, register and net of the RTL holds now, by its name in the model that Verilator makes.

        The library was built with `contents`. What Verilator keeps for its own evaluation alone is left out.
        """
        size = self._library.bench_contents(self._handle, None, 0)
        named = np.zeros(size, np.uint8)
        self._library.bench_contents(self._handle, named.ctypes, size)
        return {name: data for name, data in _by_name(named.tobytes()).items() if not _TEMPORARY.search(name)}


def _by_name(named: bytes) -> dict[str, bytes]:
    """The bytes of each variable; the elements of an array stand behind one another."""
    contents: dict[str, bytes] = {}
    place = 0
    while place < len(named):
        end = named.index(0, place)
        first = end + 1 + _SIZE.size
        (size,) = _SIZE.unpack_from(named, end + 1)
        name = named[place:end].decode()
        contents[name] = contents.get(name, b"") + named[first : first + size]
        place = first + size
    return contents


def _options(
    chip: Chip,
    behaviour: MemoryBehaviour,
    *,
    warm: bool,
    most_cycles: int,
    halt: Halt | None,
    wave: Path | None,
) -> _Options:
    latency = behaviour.latency_cycles
    return _Options(
        most_cycles=most_cycles,
        latency_cycles=chip.external.latency_cycles if latency is None else latency,
        word_bytes=chip.external.bytes_per_cycle,
        atom_bytes=chip.external.atom_bytes,
        burst_words=MAX_BURST,
        page_bytes=PAGE_BYTES,
        warm=warm,
        late_per_1024=behaviour.late_per_1024,
        stall_per_1024=behaviour.stall_per_1024,
        seed=behaviour.seed,
        halt=halt.error if halt else Error.NONE,
        halt_cycle=halt.cycle if halt else 0,
        wave=str(wave).encode() if wave else None,
    )


def _run_of(counters: _Counters, outputs: dict[str, npt.NDArray[np.generic]], start: Cycles, end: Cycles) -> RtlRun:
    issued = min(counters.issued, len(start))
    return RtlRun(
        outputs=outputs,
        latency_cycles=counters.latency_cycles,
        start=start[:issued],
        end=end[:issued],
        finished=bool(counters.finished),
        error=Error(counters.error),
        error_index=counters.error_index,
        late=counters.late,
        stalls=counters.stalls,
        read_bursts=counters.read_bursts,
        write_bursts=counters.write_bursts,
        out_of_range=counters.out_of_range,
    )


def cosimulate(
    program: Program,
    inputs: Mapping[str, npt.NDArray[np.generic]],
    *,
    warm: bool = False,
    behaviour: MemoryBehaviour | None = None,
    wave: Path | None = None,
) -> RtlRun:
    """Build the RTL of the Program's chip (or take it from the cache) and run one inference on it.

    Each input has its port's dtype and shape. `warm`: runs the inference twice and reports the second, whose LOADs
    with `once` are skipped, on the memories that the first leaves. `wave`: writes a waveform (VCD) of the run. BadInput
    where a tool is missing or an input does not fit its port.
    """
    library = build_machine(program.chip, trace=wave is not None)
    memory = external_memory(program, inputs)
    with Machine(program.chip, library) as machine:
        if warm:
            machine.infer(program, memory, behaviour=behaviour)
            write_inputs(memory, program, inputs)
        return machine.infer(program, memory, warm=warm, behaviour=behaviour, wave=wave)


def external_memory(program: Program, inputs: Mapping[str, npt.NDArray[np.generic]]) -> Bytes:
    """The external memory at the doorbell, in whole atoms: the Program's image, the inputs, UNDEFINED."""
    memory = np.full(whole_atoms(program), UNDEFINED, np.uint8)
    memory[: len(program.constants)] = np.frombuffer(program.constants, np.uint8)
    write_inputs(memory, program, inputs)
    return memory


def whole_atoms(program: Program) -> int:
    """Bytes of the external memory's atoms that a Program uses: the machine reads no byte beyond them."""
    return round_up(program.manifest.external_bytes, program.chip.external.atom_bytes)


def write_inputs(memory: Bytes, program: Program, inputs: Mapping[str, npt.NDArray[np.generic]]) -> None:
    """Write the inputs of the next inference to an external memory. BadInput where one does not fit its port."""
    for port in program.manifest.inputs:
        memory[port.address : port.address + port.size_bytes] = _input(port, inputs)


def _input(port: Port, inputs: Mapping[str, npt.NDArray[np.generic]]) -> Bytes:
    array = inputs.get(port.name)
    if array is None:
        raise BadInput(f"input {port.name} is missing")
    if array.shape != port.shape or array.dtype != np.dtype(port.dtype):
        given = f"{array.dtype.name} {list(array.shape)}"
        raise BadInput(
            f"input {port.name} is {given}; one inference takes {np.dtype(port.dtype).name} {list(port.shape)}"
        )
    return np.frombuffer(np.ascontiguousarray(array).tobytes(), np.uint8)


def read_output(memory: Bytes, port: Port) -> npt.NDArray[np.generic]:
    """The array of a port in an external memory."""
    data = memory[port.address : port.address + port.size_bytes].tobytes()
    return np.frombuffer(data, port.dtype).reshape(port.shape)
