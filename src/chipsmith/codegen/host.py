"""C on this computer: compilers, shared libraries of modules, and inferences through them."""

from __future__ import annotations

import ctypes
import enum
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from chipsmith.cache import cache_folder, content_key
from chipsmith.codegen.module import CModule, CPort
from chipsmith.errors import BadInput
from chipsmith.tosa.graph import Array

WARNINGS = ("-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
COMPILERS = ("gcc", "clang")


class Build(enum.Enum):
    """How a library is compiled; the value is the compiler's flags."""

    FAST = ("-O3", "-march=native")
    """For speed on this computer."""
    QUICK = ("-O1",)
    """For tests: compiled in a fraction of the time."""
    CHECKED = ("-O1", "-g", "-fsanitize=undefined", "-fno-sanitize-recover=all")
    """Undefined behaviour stops the process."""


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
    texts = (module.name, module.header, module.source, compiler, *flags, _version(compiler))
    library = cache_folder() / "codegen" / f"{content_key(text.encode() for text in texts)}.so"
    if not library.exists():
        _compile(module, compiler, flags, library)
    return HostLibrary(module=module, path=library)


def _version(compiler: str) -> str:
    return _run((compiler, "--version"), Path.cwd())


def _compile(module: CModule, compiler: str, flags: Sequence[str], library: Path) -> None:
    try:
        library.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=library.parent) as name:
            folder = Path(name)
            write_sources(module, folder)
            _run((compiler, *flags, f"{module.name}.c", "-o", "module.so"), folder)
            (folder / "module.so").replace(library)
    except OSError as error:
        raise BadInput(f"cannot build C in {library.parent}: {error.strerror or error}") from error


def write_sources(module: CModule, folder: Path) -> None:
    """Write the header and the source into a folder."""
    (folder / f"{module.name}.h").write_text(module.header, encoding="utf-8")
    (folder / f"{module.name}.c").write_text(module.source, encoding="utf-8")


def _run(command: Sequence[str], folder: Path) -> str:
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
        arrays, count = self._inferences(inputs)
        outputs = [np.empty((count, *port.shape), port.dtype.numpy) for port in self.module.outputs]
        for index in range(count):
            self.run_once([array[index, ...] for array in arrays], [array[index, ...] for array in outputs])
        return {
            port.tensor: array.reshape(-1, *port.shape[1:])
            for port, array in zip(self.module.outputs, outputs, strict=True)
        }

    def run_once(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        """One inference from contiguous arrays into contiguous arrays, in the order of the ports."""
        self._function(*(array.ctypes.data_as(ctypes.c_void_p) for array in (*inputs, *outputs)))

    def _inferences(self, inputs: Mapping[str, Array]) -> tuple[list[Array], int]:
        if set(inputs) != {port.tensor for port in self.module.inputs}:
            raise BadInput(f"{self.module.name}: inputs {sorted(inputs)} are given where others belong")
        arrays = [_as_inferences(port, np.asarray(inputs[port.tensor])) for port in self.module.inputs]
        counts = {len(array) for array in arrays} or {1}
        if len(counts) > 1:
            raise BadInput(
                f"{self.module.name}: the inputs hold {sorted(counts)} inferences; give each the same number"
            )
        return arrays, counts.pop()


def _as_inferences(port: CPort, array: Array) -> Array:
    first = port.shape[0] if port.shape else 1
    if array.dtype != port.dtype.numpy or array.ndim == 0 or array.shape[1:] != port.shape[1:] or not len(array):
        raise BadInput(f"input {port.tensor} is {array.dtype}{list(array.shape)} where {list(port.shape)} belongs")
    if len(array) % first:
        raise BadInput(f"input {port.tensor} has {len(array)} along the first axis, no multiple of {first}")
    return np.ascontiguousarray(array).reshape(-1, *port.shape)
