"""The VECTOR engine alone in Verilator, beside the plain memory of the TENSOR engine's bench."""

from __future__ import annotations

import ctypes
import tempfile
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from tensor_harness import BENCH, FLAGS, HERE, MOST_CYCLES, Fault, Run, _load, _Outcome, _run

from chipsmith.cache import cache_folder, content_key, installed_versions
from chipsmith.chip import Chip
from chipsmith.program.instructions import Op, Rounding, Vector
from chipsmith.rtl.build import find_toolchain, runtime_objects
from chipsmith.rtl.sources import in_order, machine_sources, write_sources

TOP = HERE / "sv" / "vector_bench.sv"
VERILATE = ("--cc", "--top-module", "vector_bench", "--prefix", "Vtensor_bench", "-O3", "--noassert", "--no-timing")
VERILATE += ("--x-assign", "fast", "--x-initial", "unique", "-Wno-fatal", "--Mdir", "model")


class VectorBench:
    """A chip's engine; `memory` is its on-chip memory, to set and read between instructions."""

    def __init__(self, chip: Chip) -> None:
        self._library = _load(build(chip))
        self.memory = np.zeros(chip.memory_bytes, np.uint8)
        data = self.memory.ctypes.data_as(ctypes.c_void_p)
        size = chip.memory
        self._bench = self._library.bench_open(data, size.groups, size.group_bytes, chip.tensor.rows)

    def run(self, one: Vector) -> Run:
        outcome = _Outcome()
        scales = (one.a_rounding, one.b_rounding, one.o_rounding)
        named = one.op is Op.MUL or any(rounding is not Rounding.OFF for rounding in scales)
        self._library.bench_run(self._bench, one.encode(), named, MOST_CYCLES, ctypes.byref(outcome))
        return Run(
            cycles=outcome.cycles,
            fault=Fault(outcome.fault),
            fault_cycle=outcome.fault_cycle,
            fault_address=outcome.fault_address,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._library.bench_close(self._bench)


@cache
def build(chip: Chip) -> Path:
    """The shared library of a chip's engine with the bench, kept by its content."""
    mine = ("vector_", "multipliers", "sram_", "chip")
    shipped = {name: text for name, text in machine_sources(chip).items() if name.startswith(mine)}
    sources = {**shipped, TOP.name: TOP.read_text()}
    parts = [f"{name}\n{text}".encode() for name, text in sorted(sources.items())]
    flags = " ".join((*FLAGS, *VERILATE)).encode()
    key = content_key((*parts, BENCH.read_bytes(), flags, installed_versions(("verilator",))))
    library = cache_folder() / "rtl" / f"vector-{key}.so"
    if not library.exists():
        library.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=library.parent) as name:
            write_sources(sources, Path(name))
            _compile(Path(name), in_order(sources))
            (Path(name) / "bench.so").replace(library)
    return library


def _compile(folder: Path, names: list[str]) -> None:
    tools = find_toolchain()
    _run([str(tools.verilator), *VERILATE, *names], folder, tools)
    model = folder / "model"
    units = [str(BENCH), *map(str, sorted(model.glob("*.cpp")))]
    include = ("-I", str(model), "-I", str(tools.include), "-I", str(tools.include / "vltstd"))
    runtime = map(str, runtime_objects(tools, trace=False))
    _run([tools.compiler, *FLAGS, *include, "-shared", *units, *runtime, "-o", "bench.so", "-lpthread"], folder, tools)
