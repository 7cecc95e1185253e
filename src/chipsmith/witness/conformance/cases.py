"""Cases of TOSA's official generator: made once, kept in a cache, with what tosa_reference_model says of them."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import subprocess
import sysconfig
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chipsmith.checksums import Damaged, check_sums, write_sums
from chipsmith.errors import BadInput, CheckFailed
from chipsmith.locks import waiting_lock
from chipsmith.tosa.file import read_tosa
from chipsmith.tosa.graph import Array, Graph
from chipsmith.witness.reference_model import run_file

_WHOLE = "cases.whole"
"""Lies in the folder that holds all cases of some commands."""
_FORM = 2
"""Of what is kept: with checksums."""
_SCRIPTS = sysconfig.get_path("scripts")
_INTEGER_PROFILE = ("--profile", "tosa-pro-int", "--tosa-version", "1.0.1")
_LEGAL, _ILLEGAL = ("--test-type", "positive"), ("--test-type", "negative")
_SMALL = ("--tensor-dim-range", "1,5", "--max-batch-size", "2", "--num-rand-permutations", "1", "--no-special-tests")
_DOUBLE_ROUND, _INT16 = ("--extension", "tosa-ext-doubleround"), ("--extension", "tosa-ext-int16")
_WINDOWS = (
    *("--max-conv-padding", "1", "--max-conv-dilation", "2", "--max-conv-stride", "2", "--conv-kernel", "3,2", "2,1,3"),
    *("--max-pooling-kernel", "2", "--max-pooling-stride", "2", "--max-pooling-padding", "1"),
)

SAMPLE = (
    (
        *_DOUBLE_ROUND,
        *("--target-rank", "1", "4"),
        "--filter=^(add|sub|mul|intdiv|maximum|minimum|logical_.*|bitwise_.*|arithmetic_right_shift|abs|clz|negate"
        "|equal|greater|greater_equal|select|reduce_.*|argmax|concat|reshape|reverse|slice|tile|transpose|identity"
        "|table|clamp)$",
    ),
    (*_DOUBLE_ROUND, "--target-rank", "2", "--filter=^(pad|rescale|cast)$"),
    (
        *_DOUBLE_ROUND,
        *_WINDOWS,
        *("--target-dtype", "int8", "int16", "int32"),
        "--max-resize-output-dim=20",
        "--filter=^(conv2d|conv3d|depthwise_conv2d|transpose_conv2d|avg_pool2d|max_pool2d|matmul|gather|scatter|resize)$",
    ),
    (*_INT16, "--target-dtype", "int16", "--target-rank", "2", "--filter=^table$"),
)
"""Arguments of tosa_verif_build_tests that make some 500 small cases of all operators in half a minute."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One generated network of one operator, with inputs that are all in range."""

    name: str
    graph: Graph
    file: bytes
    inputs: dict[str, Array]

    def expected(self) -> dict[str, Array]:
        """What tosa_reference_model computes from the generated file itself."""
        arrays = [self.inputs[name] for name in self.graph.inputs]
        outputs = run_file(self.file, arrays, name=f"its own case {self.name}")
        return dict(zip(self.graph.outputs, outputs, strict=True))


def load_case(folder: Path) -> Case:
    """The case in a folder that the generator made. Raises BadInput where a file is not what was made."""
    try:
        check_sums(folder)
    except Damaged as error:
        kept = next(parent for parent in folder.parents if (parent / _WHOLE).exists())
        raise BadInput(f"{error}; remove {kept} to have its cases made again") from error
    description = json.loads((folder / "desc.json").read_text())
    arrays = [np.load(folder / file, allow_pickle=False) for file in description["ifm_file"]]
    return Case(
        name=folder.name,
        graph=read_tosa(folder / description["tosa_file"]),
        file=(folder / description["tosa_file"]).read_bytes(),
        inputs=dict(zip(description["ifm_name"], arrays, strict=True)),
    )


def sampled(cache: Path) -> list[Path]:
    """The folders of a small sample of each operator's cases."""
    common = ("tosa_verif_build_tests", *_INTEGER_PROFILE, *_LEGAL, *_SMALL)
    folder = _generate_once(cache, "sample", [(*common, *arguments) for arguments in SAMPLE])
    return sorted(file.parent for file in folder.rglob("desc.json"))


def is_case_of(folder: Path, kind: str) -> bool:
    """Folders lie in one of the operator, whose name may go on with a kernel size."""
    name, _, kernel = folder.parent.name.partition(kind.lower())
    return name == "" and (kernel == "" or kernel[1].isdigit())


def complete(cache: Path, *, seed: int | None = None, operators: Sequence[str] = ()) -> list[Path]:
    """The folders of all legal cases of PRO-INT, EXT-DOUBLEROUND and TABLE of EXT-INT16; making them takes minutes.

    `seed` draws other cases than the generator's own; `operators` (lower case) are the only ones, if given.
    """
    which = (*_LEGAL, *_drawn(seed))
    cases = _official(cache, "complete", which, operators)
    return sorted((*cases, *_tables_of_int16(cache, which))) if "table" in (operators or ("table",)) else cases


def illegal(cache: Path, *, operators: Sequence[str] = ()) -> list[Path]:
    """The folders of all cases of PRO-INT and EXT-DOUBLEROUND that must be refused; `operators` as of `complete`.

    They are drawn with the generator's own seed: with some others it does not find the cases that it must make.
    """
    return _official(cache, "illegal", _ILLEGAL, operators)


def operator_of(folder: Path) -> str:
    """The operator's name in lower case: a case's folder lies in one of that name, which may end in a kernel size."""
    name = folder.parent.name
    head, _, tail = name.rpartition("_")
    return head if head and tail.replace("x", "").isdigit() else name


def _drawn(seed: int | None) -> tuple[str, ...]:
    return () if seed is None else ("--seed", str(seed))


def _official(cache: Path, kind: str, which: Sequence[str], operators: Sequence[str]) -> list[Path]:
    """Taken from the cases of all operators where those were made already."""
    whole = _command(which, (), _DOUBLE_ROUND)
    complete_cached = not operators or _folder(cache, kind, [whole]).exists()
    command = whole if complete_cached else _command(which, operators, _DOUBLE_ROUND)
    cases = _cases_of(_generate_once(cache, kind, [command]))
    return sorted(case for case in cases if not operators or operator_of(case) in operators)


def _tables_of_int16(cache: Path, which: Sequence[str]) -> list[Path]:
    """The cases of TABLE int16 -> int32, the one row of EXT-INT16 that is held."""
    folder = _generate_once(cache, "table-int16", [_command(which, ("table",), _INT16)])
    return [case for case in _cases_of(folder) if "_i16" in case.name]


def _cases_of(folder: Path) -> list[Path]:
    """The cases in a folder that the conformance generator filled: beside them lie those that it is built from."""
    return [file.parent for file in folder.rglob("desc.json") if "cases" in file.relative_to(folder).parts]


def _command(which: Sequence[str], operators: Sequence[str], extension: Sequence[str]) -> tuple[str, ...]:
    only = ("--operators", *sorted(operators)) if operators else ()
    generator = "tosa_verif_conformance_generator"
    return (generator, *_INTEGER_PROFILE, *which, *only, *extension, "--output-type", "binary")


def _folder(cache: Path, kind: str, commands: Sequence[Sequence[str]]) -> Path:
    """Where the cases that commands make are kept: named after them and the version of tosa-tools."""
    key = repr((importlib.metadata.version("tosa-tools"), commands, _FORM))
    return cache / f"{kind}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def _generate_once(cache: Path, kind: str, commands: Sequence[Sequence[str]]) -> Path:
    """The folder that the commands fill, once."""
    folder = _folder(cache, kind, commands)
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with waiting_lock(cache / f".{folder.name}.lock", on_wait=lambda: None):
            if not folder.exists():
                _fill(folder, commands)
    return folder


def _fill(folder: Path, commands: Sequence[Sequence[str]]) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        cases = Path(temporary) / "cases"
        for index, command in enumerate(commands):
            _generate(command, cases / str(index))
        for description in cases.rglob("desc.json"):
            write_sums(description.parent)
        (cases / _WHOLE).touch()
        cases.rename(folder)


def _generate(command: Sequence[str], folder: Path) -> None:
    folder.mkdir(parents=True)
    builds = command[0] == "tosa_verif_build_tests"
    target = ("-o", ".") if builds else ("--build-directory", "build", "--output-directory", "cases")
    environment = os.environ | {"PATH": os.pathsep.join((_SCRIPTS, os.environ["PATH"]))}
    process = subprocess.run(
        [f"{_SCRIPTS}/{command[0]}", *command[1:], *target],
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    if process.returncode:
        last = (process.stderr.strip().splitlines() or ["no message"])[-1]
        raise CheckFailed(f"the generator of tosa-tools ({command[0]}) failed: {last}")
