"""Turns sources with properties into a circuit with yosys, and decides each with abc; both are of pyosys."""

from __future__ import annotations

import contextlib
import dataclasses
import io
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

STEPS = 4
"""Cycles of the induction that is tried first."""
BASE_CYCLES = 6
"""Cycles from power-up that are its base."""
INDUCTION = f"fold; ind -F {STEPS} -C 5000 -v"
INDUCTION_S = 4
FIRST_PATIENCE_S = 30
"""Seconds for a property in the first round of the search for an invariant: abc measures them by the wall's clock, so
that a busy computer goes through more rounds.
"""
REACHABILITY = "fold; scorr; pdr -a -H {limit_ms}"
BOUNDED = "fold; bmc3 -a -x -v -F {depth}"
METHODS = (*PASSES, INDUCTION, str(BASE_CYCLES), REACHABILITY, BOUNDED)
"""All that decides a verdict beside the sources and the tools."""

_RUN = "import sys; from pyosys import libyosys as ys; d = ys.Design(); [ys.run_pass(step, d) for step in sys.argv[1:]]"
_PROVED = re.compile(r"Proved output\s+(\d+) ")
_FAILED = re.compile(r"Output\s+(\d+) was asserted in frame\s+(\d+)")
_EXPLORED = re.compile(r"^\s*(\d+) \+ : ", re.MULTILINE)
_INDUCTIVE = "Networks are equivalent"
_HARMLESS = re.compile(r"undriven bit|Resizing cell port .* from 32 bits")


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """Of each property by name: proved, or the cycle in which it fails first; in neither: undecided."""

    proved: frozenset[str]
    fails: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class ProofCircuit:
    """A circuit of AIGER: the numbers of its header, its registers, its gates in binary form, and by literals what
    says that a property of `names` is violated, and what always holds.
    """

    highest: int
    inputs: int
    gates: int
    registers: tuple[bytes, ...]
    names: tuple[str, ...]
    violations: tuple[int, ...]
    constraints: tuple[int, ...]
    logic: bytes

    @property
    def text(self) -> bytes:
        """The circuit as a file."""
        sizes = (self.highest, self.inputs, len(self.registers), 0, self.gates, len(self.names), len(self.constraints))
        literals = (str(literal).encode() for literal in (*self.violations, *self.constraints))
        return b"\n".join((f"aig {' '.join(map(str, sizes))}".encode(), *self.registers, *literals, self.logic))

    def only(self, name: str) -> ProofCircuit:
        """The circuit of a single property; of none where it has no such."""
        return self.keep((name,))

    def keep(self, names: Sequence[str]) -> ProofCircuit:
        """The circuit of some of its properties."""
        others = dict.fromkeys((other for other in self.names if other not in names), 0)
        return self.without(Verdicts(proved=frozenset(), fails=others))

    def without(self, verdicts: Verdicts) -> ProofCircuit:
        """The circuit of what is undecided; what is proved always holds."""
        pairs = tuple(zip(self.names, self.violations, strict=True))
        rest = [pair for pair in pairs if pair[0] not in verdicts.proved and pair[0] not in verdicts.fails]
        return dataclasses.replace(
            self,
            names=tuple(name for name, _ in rest),
            violations=tuple(literal for _, literal in rest),
            constraints=(*self.constraints, *(literal ^ 1 for name, literal in pairs if name in verdicts.proved)),
        )


def build_circuit(sources: Mapping[str, str], top: str) -> ProofCircuit:
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
        return _read_circuit((folder / "circuit.aig").read_bytes(), names)


def _plain(path: Sequence[str]) -> str:
    """The instances and the label of yosys's name of an assertion, with dots between them."""
    return ".".join(part.replace("\\", "").strip(".") for part in path)


def _read_circuit(text: bytes, names: Sequence[str]) -> ProofCircuit:
    """The circuit without its plain outputs, and of the properties those to be proved."""
    header, rest = text.split(b"\n", 1)
    highest, inputs, latches, outputs, gates, *more = map(int, header.split()[1:])
    bad, constraints, *_ = (*more, 0, 0)
    *lines, logic = rest.split(b"\n", latches + outputs + bad + constraints)
    first, last = latches + outputs, latches + outputs + bad
    chosen = [
        (name, int(line))
        for name, line in zip(names, lines[first:last], strict=True)
        if not name.split(".")[-1].startswith(UNPROVED)
    ]
    return ProofCircuit(
        highest=highest,
        inputs=inputs,
        gates=gates,
        registers=tuple(lines[:latches]),
        names=tuple(name for name, _ in chosen),
        violations=tuple(literal for _, literal in chosen),
        constraints=tuple(int(line) for line in lines[last:]),
        logic=logic,
    )


def decide(circuit: ProofCircuit, *, depth: int | None, limit_s: int) -> Verdicts:
    """Decide every property: for all time, or with `depth` for so many cycles from power-up.

    `limit_s`: seconds of processor time after which the rest is left undecided. Induction comes first, then a search
    for an invariant (property-directed reachability), in rounds with more time for a property. What is proved helps to
    prove the rest, but not in the first round: it makes the circuit larger.
    """
    if depth is not None:
        return _explore(circuit, depth, limit_s)
    ends, patience_s = processor_seconds() + limit_s, FIRST_PATIENCE_S
    base = _explore(circuit, BASE_CYCLES, limit_s)
    unproved = Verdicts(proved=frozenset(), fails=base.fails)
    verdicts = _induce(circuit, unproved) if base.proved else unproved
    while (left := circuit.without(verdicts)).names and (left_s := int(ends - processor_seconds())) > 0:
        asked = dataclasses.replace(left, constraints=circuit.constraints) if patience_s == FIRST_PATIENCE_S else left
        said = ask(asked, REACHABILITY.format(limit_ms=1000 * patience_s), limit_s=left_s)
        proved = {left.names[int(match[1])] for match in _PROVED.finditer(said)}
        verdicts = Verdicts(proved=verdicts.proved | proved, fails={**verdicts.fails, **_fails(left, said)})
        if proved and base.proved:
            verdicts = _induce(circuit, verdicts)
        patience_s *= 4
    return verdicts


def _explore(circuit: ProofCircuit, depth: int, limit_s: int) -> Verdicts:
    """What fails in the first `depth` cycles; all else is proved of these where they were explored in time."""
    said = ask(circuit, BOUNDED.format(depth=depth), limit_s=limit_s)
    fails = _fails(circuit, said)
    explored = any(int(match[1]) + 1 >= depth for match in _EXPLORED.finditer(said))
    return Verdicts(proved=frozenset(circuit.names) - fails.keys() if explored else frozenset(), fails=fails)


def _induce(circuit: ProofCircuit, verdicts: Verdicts) -> Verdicts:
    """The verdicts with all that induction proves, property by property; the base of each was checked before."""
    before = None
    while verdicts != before:
        before = verdicts
        for name in circuit.without(verdicts).names:
            if _INDUCTIVE in ask(circuit.without(verdicts).only(name), INDUCTION, limit_s=INDUCTION_S):
                verdicts = dataclasses.replace(verdicts, proved=verdicts.proved | {name})
    return verdicts


def ask(circuit: ProofCircuit, script: str, *, limit_s: int) -> str:
    """What abc says of a circuit until it ends or has taken `limit_s` seconds of processor time."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "circuit.aig").write_bytes(circuit.text)
        command = [str(resources.files("pyosys") / "yosys-abc"), "-c", f"read_aiger circuit.aig; {script}"]
        return _listen(command, Path(name), limit_s)


def _listen(command: Sequence[str], folder: Path, limit_s: int) -> str:
    """What a program writes, to a terminal: there it writes each line at once, and none is lost when it is ended."""
    import pty
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s))

    terminal, end = pty.openpty()
    with os.fdopen(terminal, "rb", buffering=0) as lines:
        nothing = subprocess.DEVNULL
        running = subprocess.Popen(command, cwd=folder, stdin=nothing, stdout=end, stderr=nothing, preexec_fn=limit)
        os.close(end)
        with running:
            return b"".join(_pieces(lines)).decode(errors="replace")


def _pieces(terminal: io.RawIOBase) -> Iterator[bytes]:
    """What is read from a terminal until nobody writes to it any more, which Linux tells by an error."""
    with contextlib.suppress(OSError):
        while piece := terminal.read(65536):
            yield piece


def _fails(circuit: ProofCircuit, said: str) -> dict[str, int]:
    return {circuit.names[int(match[1])]: int(match[2]) for match in _FAILED.finditer(said)}


def processor_seconds() -> float:
    """Seconds of processor time of the finished child processes."""
    times = os.times()
    return times.children_user + times.children_system
