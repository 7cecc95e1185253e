"""One engine alone in Verilator, beside a plain memory: one instruction after the other, without a reset."""

from __future__ import annotations

import ctypes
import enum
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from chipsmith.cache import build_entry, content_key, installed_versions
from chipsmith.chip import Chip
from chipsmith.files import write_texts
from chipsmith.hardware.build import Toolchain, find_toolchain, runtime_objects
from chipsmith.hardware.sources import in_order, machine_sources
from chipsmith.program.instructions import Op, Rounding, TensorInstruction, VectorInstruction

HERE = Path(__file__).parent
BENCH = HERE / "engine_bench.cpp"
TOP = HERE / "sv" / "engine_bench.sv"
FLAGS = ("-O1", "-std=c++20", "-fPIC", "-DVL_TIME_CONTEXT", "-DVM_COVERAGE=0", "-DVM_SC=0", "-DVM_TRACE=0", "-w")
MOST_CYCLES = 1 << 22


class Fault(enum.IntEnum):
    """What the bench found against the engine."""

    NONE = 0
    TWO_ACCESSES_OF_A_GROUP = 1
    OUTSIDE_OF_THE_NAMED_GROUPS = 2
    ACTIVE_WHILE_IDLE = 3
    ENDLESS = 4
    MULTIPLIERS_NOT_NAMED = 5


class _Outcome(ctypes.Structure):
    _fields_ = (
        ("cycles", ctypes.c_uint64),
        ("fault", ctypes.c_uint32),
        ("fault_cycle", ctypes.c_uint64),
        ("fault_address", ctypes.c_uint32),
    )


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one instruction did: its cycles, and the first fault."""

    cycles: int
    fault: Fault
    fault_cycle: int
    fault_address: int


class EngineBench:
    """A chip's engine, "tensor" or "vector"; `memory` is its on-chip memory, to set and read between instructions."""

    def __init__(self, chip: Chip, engine: str) -> None:
        self._library = _load(build(chip, engine))
        self.memory = np.zeros(chip.memory_bytes, np.uint8)
        data = self.memory.ctypes.data_as(ctypes.c_void_p)
        size = chip.memory
        self._bench = self._library.bench_open(data, size.groups, size.group_bytes, chip.tensor.rows)

    def run(self, instruction: TensorInstruction | VectorInstruction) -> Run:
        outcome = _Outcome()
        named = _names_multipliers(instruction)
        self._library.bench_run(self._bench, instruction.encode(), named, MOST_CYCLES, ctypes.byref(outcome))
        return Run(
            cycles=outcome.cycles,
            fault=Fault(outcome.fault),
            fault_cycle=outcome.fault_cycle,
            fault_address=outcome.fault_address,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._library.bench_close(self._bench)


def _names_multipliers(instruction: TensorInstruction | VectorInstruction) -> bool:
    if isinstance(instruction, TensorInstruction):
        return instruction.requantise is not Rounding.OFF or bool(instruction.residual)
    scales = (instruction.a_rounding, instruction.b_rounding, instruction.o_rounding)
    return instruction.op is Op.MUL or any(rounding is not Rounding.OFF for rounding in scales)


@cache
def _load(library: Path) -> ctypes.CDLL:
    loaded = ctypes.CDLL(str(library))
    loaded.bench_open.restype = ctypes.c_void_p
    loaded.bench_open.argtypes = (ctypes.c_void_p, *[ctypes.c_uint32] * 3)
    loaded.bench_run.argtypes = (
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_uint32,
        ctypes.c_uint64,
        ctypes.POINTER(_Outcome),
    )
    loaded.bench_close.argtypes = (ctypes.c_void_p,)
    return loaded


def build(chip: Chip, engine: str) -> Path:
    """The shared library of a chip's engine with the bench, kept by its content."""
    tools = find_toolchain()
    mine = (f"{engine}_", "multiplier", "sram_", "chip")
    shipped = {name: text for name, text in machine_sources(chip).items() if name.startswith(mine)}
    sources = {**shipped, TOP.name: TOP.read_text()}
    parts = [f"{name}\n{text}".encode() for name, text in sorted(sources.items())]
    key = content_key((*parts, BENCH.read_bytes(), " ".join(FLAGS).encode(), installed_versions(("verilator",))))

    def compile_bench(folder: Path) -> Path:
        write_texts(folder, sources)
        _compile(tools, folder, engine, in_order(sources))
        return folder / "bench.so"

    return build_entry("rtl", f"{engine}-{key}.so", compile_bench, what="the bench")


def _compile(tools: Toolchain, folder: Path, engine: str, names: Sequence[str]) -> None:
    design = ("--top-module", TOP.stem, "--prefix", "Vengine_bench", f"-D{engine.upper()}")
    flags = ("--cc", "-O3", "--noassert", "--no-timing", "--x-assign", "fast", "--x-initial", "unique", "-Wno-fatal")
    _run([str(tools.verilator), *flags, *design, "--Mdir", "model", *names], folder, tools)
    model = folder / "model"
    units = [str(BENCH), *map(str, sorted(model.glob("*.cpp")))]
    include = ("-I", str(model), "-I", str(tools.include), "-I", str(tools.include / "vltstd"))
    runtime = map(str, runtime_objects(tools, trace=False, savable=False))
    _run([tools.compiler, *FLAGS, *include, "-shared", *units, *runtime, "-o", "bench.so", "-lpthread"], folder, tools)


def _run(command: Sequence[str], folder: Path, tools: Toolchain) -> None:
    environment = {**os.environ, "VERILATOR_ROOT": str(tools.root)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:4000]
