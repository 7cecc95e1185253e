"""Turns sources with properties into a circuit with yosys and decides each of them with abc, both of the package pyosys."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.files import write_texts
from chipsmith.hardware.formal.properties import UNPROVED

PASSES = (
    "hierarchy -check -top {top}",
    "proc",
    "flatten",
    "delete -output o:*",
    "opt_clean",
    "async2sync",
    "chformal -lower",
    "opt -fast",
    "memory_map",
    "opt -fast",
    "techmap",
    "opt -fast",
    "dffunmap",
    "aigmap",
    "setundef -anyseq",
    "opt_clean",
    "write_aiger -zinit -ywmap names.json circuit.aig",
)
"""To a circuit of ANDs and registers. Registers without a value after power-up begin with any; outputs do not count."""

UNBOUNDED = "fold; scorr; pdr -a -H {limit_ms} -T {limit_s}"
BOUNDED = "fold; bmc3 -a -v -F {depth} -T {limit_s}"

_RUN = "import sys; from pyosys import libyosys as ys; d = ys.Design(); [ys.run_pass(step, d) for step in sys.argv[1:]]"
_PROVED = re.compile(r"Proved output\s+(\d+) ")
_FAILED = re.compile(r"Output\s+(\d+) was asserted in frame\s+(\d+)")
_EXPLORED = re.compile(r"^\s*(\d+) \+ : ", re.MULTILINE)
_HARMLESS = re.compile(r"undriven bit|Resizing cell port .* from 32 bits")


@dataclass(frozen=True, kw_only=True)
class Circuit:
    """A circuit in AIGER's binary form whose outputs say that a property is violated, and the names of these."""

    text: bytes
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """Of each property by name: proved, or the cycle in which it fails first; in neither: undecided."""

    proved: frozenset[str]
    fails: Mapping[str, int]


def build_circuit(sources: Mapping[str, str], top: str) -> Circuit:
    """The circuit of the properties of `top` and of what is assumed by the modules inside of it.

    `sources`: file name to text, the package first. BadInput where pyosys is missing or yosys refuses.
    """
    require_package("pyosys", extra="rtl", task="prove the properties of the RTL")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_texts(folder, sources)
        steps = (f"read_verilog -formal -sv {' '.join(sources)}", *(step.format(top=top) for step in PASSES))
        command = [sys.executable, "-c", _RUN, *steps]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        said = [line for line in done.stdout.splitlines() if "Warning" in line and not _HARMLESS.search(line)]
        if done.returncode or said:
            raise BadInput(f"yosys refuses the RTL of {top}: {' '.join(said) or (done.stdout + done.stderr)[-2000:]}")
        names = [_plain(path) for path in json.loads((folder / "names.json").read_text())["asserts"]]
        return _select((folder / "circuit.aig").read_bytes(), names)


def _plain(path: Sequence[str]) -> str:
    """The instances and the label of yosys's name of an assertion, with dots between them."""
    return ".".join(part.replace("\\", "").strip(".") for part in path)


def _select(text: bytes, names: Sequence[str]) -> Circuit:
    """The circuit without its plain outputs, and of the properties those to be proved."""
    header, rest = text.split(b"\n", 1)
    highest, inputs, latches, outputs, gates, *more = map(int, header.split()[1:])
    bad, constraints, *_ = (*more, 0, 0)
    *lines, tail = rest.split(b"\n", latches + outputs + bad + constraints)
    first = latches + outputs
    chosen = [index for index, name in enumerate(names) if not name.split(".")[-1].startswith(UNPROVED)]
    kept = [*lines[:latches], *(lines[first + index] for index in chosen), *lines[first + bad :]]
    head = f"aig {highest} {inputs} {latches} 0 {gates} {len(chosen)} {constraints}".encode()
    return Circuit(text=b"\n".join((head, *kept, tail)), names=tuple(names[index] for index in chosen))


def decide(circuit: Circuit, *, depth: int | None, limit_s: int) -> Verdicts:
    """Decide every property: for all time, or with `depth` for so many cycles from power-up.

    `limit_s`: seconds after which the rest is left undecided, half of them for a single property.
    """
    script = (UNBOUNDED if depth is None else BOUNDED).format(depth=depth, limit_s=limit_s, limit_ms=500 * limit_s)
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "circuit.aig").write_bytes(circuit.text)
        command = [str(resources.files("pyosys") / "yosys-abc"), "-c", f"read_aiger circuit.aig; {script}"]
        done = subprocess.run(command, cwd=name, capture_output=True, text=True, check=False)
    fails = {circuit.names[int(match[1])]: int(match[2]) for match in _FAILED.finditer(done.stdout)}
    return Verdicts(proved=frozenset(_proved(circuit, done.stdout, depth, fails)), fails=fails)


def _proved(circuit: Circuit, said: str, depth: int | None, fails: Mapping[str, int]) -> Iterator[str]:
    if depth is None:
        yield from (circuit.names[int(match[1])] for match in _PROVED.finditer(said))
    elif any(int(match[1]) + 1 >= depth for match in _EXPLORED.finditer(said)):
        yield from (name for name in circuit.names if name not in fails)


def processor_seconds() -> float:
    """Seconds of processor time of the finished child processes."""
    times = os.times()
    return times.children_user + times.children_system
