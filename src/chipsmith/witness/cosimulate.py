"""The RTL beside the simulators: one inference cold and one warm, compared bit by bit and cycle by cycle."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from chipsmith.cache import content_key
from chipsmith.hardware.build import build_machine, find_toolchain
from chipsmith.hardware.package import ERROR_TEXTS, Error
from chipsmith.hardware.simulate import Machine, RtlRun, external_memory, write_inputs
from chipsmith.hardware.sources import machine_sources
from chipsmith.program.assembly import format_instruction
from chipsmith.program.file import serialize_program
from chipsmith.program.layer_names import LayerNames
from chipsmith.program.limits import Limits, environment_limits
from chipsmith.program.port_values import draw_inputs
from chipsmith.program.program import Port, Program
from chipsmith.program.writers import writer_of
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.sim.cycle import Timeline, simulate
from chipsmith.sim.functional import ProgramExecutor
from chipsmith.tosa.graph import Array
from chipsmith.witness.bits import count_mismatching_bits

_WARM_SEED = 1


@dataclass(frozen=True, kw_only=True)
class CosimInference:
    """One inference of the RTL beside the simulators; `difference` tells the first one, empty where there is none."""

    cycles_rtl: int
    cycles_simulated: int
    mismatching_bits: int
    instructions_differing: int
    error: Error
    difference: str

    def to_json(self) -> Json:
        """The numbers of one inference."""
        return {
            "mismatching_bits": self.mismatching_bits,
            "cycles_rtl": self.cycles_rtl,
            "cycles_simulated": self.cycles_simulated,
            "instructions_differing": self.instructions_differing,
            "error": self.error.name,
            "first_difference": self.difference or None,
        }


@dataclass(frozen=True, kw_only=True)
class CosimResult:
    """A Program on the RTL of its chip, cold and warm; times in seconds of this computer."""

    program: Program
    cold: CosimInference
    warm: CosimInference
    build_s: float
    run_s: float
    wave: Path | None

    @property
    def agrees(self) -> bool:
        """Whether no bit and no cycle differs."""
        return not self.difference

    @property
    def difference(self) -> str:
        """The first difference in words; empty where there is none."""
        warm = self.warm.difference and f"warm: {self.warm.difference}"
        return self.cold.difference or warm

    def to_json(self) -> Json:
        """The object of `chipsmith cosim --json`; the numbers are of the cold inference, `warm` has the other's."""
        simulated = self.cold.cycles_rtl + self.warm.cycles_rtl
        return {
            "schema_version": SCHEMA_VERSION,
            "network": self.program.manifest.network,
            **self.program.chip.identity,
            "instructions": len(self.program.instructions),
            **self.cold.to_json(),
            "warm": self.warm.to_json(),
            "host": {
                "build_s": round(self.build_s, 3),
                "run_s": round(self.run_s, 3),
                "cycles_per_s": round(simulated / self.run_s),
            },
            "wave": None if self.wave is None else str(self.wave),
        }


def require_rtl() -> None:
    """Raise BadInput, which says what to install, where the RTL cannot be simulated here."""
    find_toolchain()


def identify_run(program: Program) -> str:
    """A hash of a Program and of its chip's RTL: where it stays, an inference on the same inputs ends alike."""
    sources = sorted(machine_sources(program.chip).items())
    return content_key([serialize_program(program), *(f"{name}\n{text}".encode() for name, text in sources)])


def compare(
    program: Program, inputs: Mapping[str, Array], *, wave: Path | None = None, limits: Limits | None = None
) -> CosimResult:
    """Run one inference on the RTL, then a warm one on what it left, and compare both with the simulators.

    `inputs` hold the cold inference; the warm one has random others, so that what the first left would show: its
    outputs must be those of a cold inference too. `wave`: where the waveform (VCD) of the cold inference goes. Raises
    BadInput where the inputs do not fit, the Program takes more than `limits` allow (default the environment's) or a
    tool is missing.
    """
    allowed, others = limits or environment_limits(), draw_inputs(program, seed=_WARM_SEED)
    allowed.check_memory(2 * program.manifest.external_bytes, "the external memory of two inferences in RTL")
    executor = ProgramExecutor(program=program, limits=allowed)
    expected, alone = executor.execute(inputs), executor.execute(others)
    expected_warm = executor.execute_warm(others, before=inputs)
    memory = external_memory(program, inputs)
    begin = time.perf_counter()
    library = build_machine(program.chip, trace=wave is not None)
    built = time.perf_counter()
    with Machine(program.chip, library) as machine:
        cold = machine.infer(program, memory, wave=wave)
        write_inputs(memory, program, others)
        warm = machine.infer(program, memory, warm=True)
    done = time.perf_counter()
    compared = compare_run(program, expected_warm, warm, simulate(program, warm=True))
    remembered = find_remembered(program, alone, expected_warm)
    return CosimResult(
        program=program,
        cold=compare_run(program, expected, cold, simulate(program)),
        warm=replace(compared, difference=compared.difference or remembered),
        build_s=built - begin,
        run_s=done - built,
        wave=wave,
    )


def find_remembered(program: Program, alone: Mapping[str, Array], warm: Mapping[str, Array]) -> str:
    """Where a warm inference shows what the one before left: outputs unlike those that it has `alone`; '' for none."""
    for port, place in _differing_places(program, alone, warm):
        values = f"{warm[port.name][place]} after another inference and {alone[port.name][place]} alone"
        return f"output {port.name}{list(place)} is {values}{_tell_writer(program, port, place)}"
    return ""


def compare_run(program: Program, expected: Mapping[str, Array], run: RtlRun, timeline: Timeline) -> CosimInference:
    """What differs between a run of the RTL and the simulators' outputs and timeline of the same inference."""
    differing = _differing_instructions(run, timeline)
    bits = sum(count_mismatching_bits(expected[name], output) for name, output in run.outputs.items())
    return CosimInference(
        cycles_rtl=run.latency_cycles,
        cycles_simulated=timeline.latency_cycles,
        mismatching_bits=bits,
        instructions_differing=len(differing),
        error=run.error,
        difference=_difference(program, expected, run, timeline, differing),
    )


def _differing_instructions(run: RtlRun, timeline: Timeline) -> list[int]:
    """Instructions that did not start and end in the cycles of the simulator, those that never started included."""
    issued = len(run.start)
    start, end = timeline.start[:issued], timeline.end[:issued]
    same = (run.start.astype(np.int64) == start) & (run.end.astype(np.int64) == end)
    return [*np.flatnonzero(~same).tolist(), *range(issued, len(timeline.start))]


def _difference(
    program: Program, expected: Mapping[str, Array], run: RtlRun, timeline: Timeline, differing: list[int]
) -> str:
    if run.error is not Error.NONE:
        return f"the machine stops with error {run.error.name}: {ERROR_TEXTS[run.error]}; {_name(program, run)}"
    if differing:
        return _time_difference(program, run, timeline, differing[0])
    for port, place in _differing_places(program, expected, run.outputs):
        values = (
            f"{run.outputs[port.name][place]} in RTL and {expected[port.name].reshape(port.shape)[place]} simulated"
        )
        return f"output {port.name}{list(place)} is {values}{_tell_writer(program, port, place)}"
    return ""


def _differing_places(
    program: Program, expected: Mapping[str, Array], outputs: Mapping[str, Array]
) -> Iterator[tuple[Port, tuple[int, ...]]]:
    """The first element that differs of each port that has such."""
    for port in program.manifest.outputs:
        pair = [arrays[port.name].reshape(port.shape) for arrays in (expected, outputs)]
        places = np.argwhere(pair[0] != pair[1])
        if len(places):
            yield port, tuple(places[0].tolist())


def _tell_writer(program: Program, port: Port, place: tuple[int, ...]) -> str:
    element = int(np.ravel_multi_index(place, port.shape)) if place else 0
    writer = writer_of(program, port.address + element * np.dtype(port.dtype).itemsize)
    return "" if writer is None else f"; {_tell(program, writer)} computes it"


def _time_difference(program: Program, run: RtlRun, timeline: Timeline, index: int) -> str:
    told = _tell(program, index)
    expected = f"{timeline.start[index]} to {timeline.end[index]} simulated"
    if index >= len(run.start):
        return f"{told} never starts in RTL, {expected}"
    return f"{told} runs from {run.start[index]} to {run.end[index]} in RTL, {expected}"


def _name(program: Program, run: RtlRun) -> str:
    return _tell(program, run.error_index) if run.error_index < len(program.instructions) else "beyond the last one"


def _tell(program: Program, index: int) -> str:
    spans = [span for span in program.manifest.kernels if index in span.instructions]
    names = LayerNames(program.manifest.operators)
    kernel = "".join(
        f", tile {span.instructions.index(index) + 1} of {len(span.instructions)} of {names.kernel(span.name).label}"
        for span in spans[:1]
    )
    return f"instruction {index}{kernel} ({format_instruction(program.instructions[index])[:160]})"
