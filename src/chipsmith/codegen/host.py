"""C on this computer: compilers, shared libraries of modules, and inferences through them."""

from __future__ import annotations

import ctypes
import enum
import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from chipsmith.cache import build_entry, content_key
from chipsmith.codegen.module import CModule, CPort
from chipsmith.errors import BadInput
from chipsmith.files import write_texts
from chipsmith.tosa.graph import Array

WARNINGS = ("-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
COMPILERS = ("gcc", "clang")


class Build(enum.Enum):
    """What a library is compiled for; the value is the compiler's flags."""

    FAST = ("-O3", "-march=native")
    """Speed on this computer."""
    QUICK = ("-O1",)
    """A short compilation, for tests."""


def find_compilers() -> Mapping[str, str]:
    """The C compilers of this computer, gcc and clang: path by name; empty where there is none."""
    paths = {name: shutil.which(name) for name in COMPILERS}
    return {name: path for name, path in paths.items() if path is not None}


def find_compiler() -> str:
    """The path of a C compiler: $CC, gcc or clang; BadInput where there is none."""
    compiler = os.environ.get("CC") or next(iter(find_compilers().values()), None)
    if compiler is None:
        raise BadInput("C code needs a C compiler: install gcc or clang, or name one in $CC")
    return compiler


def build_library(module: CModule, compiler: str, *, build: Build = Build.FAST) -> HostLibrary:
    """The module as a shared library, compiled with warnings as errors unless it is in the cache.

    BadInput where the compiler refuses it.
    """
    flags = (*WARNINGS, *build.value, "-fPIC", "-shared")
    texts = (module.name, module.header, module.source, compiler, *flags, _version(compiler), _processor())
    name = f"{content_key(text.encode() for text in texts)}.so"
    library = build_entry("codegen", name, lambda folder: _compile(module, compiler, flags, folder), what="C")
    return HostLibrary(module=module, path=library)


def _version(compiler: str) -> str:
    return run_compiler((compiler, "--version"), Path.cwd())


def _processor() -> str:
    """What tells processors apart that take different instructions: a cache may serve more than one computer."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features", "isa"))), platform.machine())


def _compile(module: CModule, compiler: str, flags: Sequence[str], folder: Path) -> Path:
    write_texts(folder, module.sources)
    run_compiler((compiler, *flags, f"{module.name}.c", "-o", "module.so"), folder)
    return folder / "module.so"


def run_compiler(command: Sequence[str], folder: Path) -> str:
    """What a compiler prints, run in a folder; BadInput where it refuses."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BadInput(f"{Path(command[0]).name} refused the C code:\n{(done.stderr or done.stdout).strip()[:4000]}")
    return done.stdout


@dataclass(frozen=True, kw_only=True)
class HostLibrary:
    """A module compiled for this computer."""

    module: CModule
    path: Path

    @cached_property
    def _function(self) -> ctypes._NamedFuncPointer:
        return ctypes.CDLL(str(self.path))[f"{self.module.name}_run"]

    def execute(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """The graph's outputs by name for its inputs by name, one inference after the other.

        Each array has its tensor's type and shape, the first dimension times the number of inferences; [n] for a tensor
        of rank 0. Raises BadInput where the inputs do not fit.
        """
        arrays, count = as_inferences(self.module, inputs)
        outputs = [np.empty((count, *port.shape), port.dtype.numpy) for port in self.module.outputs]
        for index in range(count):
            here = slice(index, index + 1)
            self.bind([array[here] for array in arrays], [array[here] for array in outputs])()
        return {
            port.tensor: array.reshape(-1, *port.shape[1:])
            for port, array in zip(self.module.outputs, outputs, strict=True)
        }

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> Callable[[], object]:
        """What runs an inference from contiguous arrays into contiguous arrays, in the order of the ports.

        It does nothing else each time that it is called: for the clock.
        """
        function = self._function
        pointers = tuple(array.ctypes.data_as(ctypes.c_void_p) for array in (*inputs, *outputs))
        return lambda: function(*pointers)


def as_inferences(module: CModule, inputs: Mapping[str, Array]) -> tuple[list[Array], int]:
    """The inputs as contiguous arrays (n, *shape) in the order of the ports, and n; BadInput where they do not fit."""
    wanted = [port.tensor for port in module.inputs]
    if set(inputs) != set(wanted):
        raise BadInput(f"{module.name}: inputs {sorted(inputs)} are given where {sorted(wanted)} belong")
    arrays = [_split(port, np.asarray(inputs[port.tensor])) for port in module.inputs]
    counts = {len(array) for array in arrays} or {1}
    if len(counts) > 1:
        raise BadInput(f"{module.name}: the inputs hold {sorted(counts)} inferences; give each the same number")
    return arrays, counts.pop()


def _split(port: CPort, array: Array) -> Array:
    first = port.shape[0] if port.shape else 1
    fits = array.ndim > 0 and array.shape[1:] == port.shape[1:] and len(array) and len(array) % first == 0
    if array.dtype != port.dtype.numpy or not fits:
        raise BadInput(
            f"input {port.tensor} is {array.dtype}{list(array.shape)} where {port.dtype.numpy}{list(port.shape)} "
            "belongs, or n times as many along the first axis"
        )
    return np.ascontiguousarray(array).reshape(-1, *port.shape)
