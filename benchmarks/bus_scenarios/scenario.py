"""Random scenarios on a bus: what goes wrong during an inference, and whether the next one is right.

A scenario is one inference on a machine with random registers before its reset, a bus with random latency, limits,
stalls and late answers, and up to three disturbances, each in a random cycle or within some cycles of the end. Whatever
happened, the machine must then be idle, or become so by an abort, within bounded time; what it said must be true; and
the next inference must be right.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bus_scenarios.host import MOST_CYCLES, Host, Job, open_machine, wrong_with
from chipsmith.hardware.axi import MASKS, AxiMachine, BusBehaviour, Response, error_of
from chipsmith.hardware.package import Error

SILENT_CYCLES = 3000
"""So long a silent bus is watched before its inference is aborted."""
START, WARM, ABORT = (MASKS[f"CONTROL.{name}"] for name in ("START", "WARM", "ABORT"))
DONE, ERROR, ABORTED = (MASKS[f"EVENTS.{name}"] for name in ("DONE", "ERROR", "ABORTED"))
RUNNING, DRAINING = MASKS["STATUS.RUNNING"], MASKS["STATUS.DRAINING"]


class Kind(enum.Enum):
    """What happens to an inference."""

    DOORBELL = "a stray doorbell"
    ABORT = "an abort"
    ABORT_AND_DOORBELL = "an abort and a doorbell in one write"
    RESET = "a reset of machine and bus"
    CLEAR = "all events are cleared"
    ERRORS = "some answers are errors from here on"
    FAULT = "some bytes of the memory answer with errors from here on"
    SILENCE = "the bus answers no more"
    STALLS = "the bus stalls far more from here on"


@dataclass(frozen=True, kw_only=True)
class Disturbance:
    """Something that happens so many cycles after the doorbell, or after what happened before it."""

    kind: Kind
    after_cycles: int


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One scenario, the same for the same seed; `watchdog_cycles` 0: none."""

    seed: int
    behaviour: BusBehaviour
    watchdog_cycles: int
    disturbances: Sequence[Disturbance]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the machine did wrong, or None, and how many disturbances came while a burst of writes was open."""

    failure: str | None
    among_writes: int


class ScenarioFailed(Exception):
    """What the machine did wrong."""


def random_scenario(job: Job, seed: int) -> Scenario:
    """A scenario for a Job; its cycles are measured where a disturbance comes near the end."""
    rng = np.random.default_rng([3, seed])
    behaviour = BusBehaviour(
        latency_cycles=int(rng.integers(1, 201)),
        open_bursts=rng.choice([None, 1, 2, 4, 8, 16]),
        stall_per_1024=int(rng.choice([0, 100, 300, 600])),
        late_per_1024=int(rng.choice([0, 100, 300])),
        host_stall_per_1024=int(rng.choice([0, 300, 700])),
        seed=seed,
    )
    cycles = undisturbed_cycles(job, behaviour, seed)
    watchdog = int(rng.choice([0, int(rng.integers(1, cycles + 50)), 4 * cycles]))
    count = int(rng.integers(1, 4))
    return Scenario(
        seed=seed,
        behaviour=behaviour,
        watchdog_cycles=watchdog,
        disturbances=tuple(_random_disturbance(rng, cycles) for _ in range(count)),
    )


def undisturbed_cycles(job: Job, behaviour: BusBehaviour, seed: int) -> int:
    """Cycles of the inference where nothing happens to it."""
    with open_machine(job.program.chip, seed=seed) as machine:
        machine.behave(behaviour)
        return Host(machine, job).infer().cycles


def _random_disturbance(rng: np.random.Generator, cycles: int) -> Disturbance:
    late = rng.integers(cycles // 2, cycles)  # where most Programs write
    phases = (rng.integers(0, 40), rng.integers(0, cycles + 40), late, cycles - 30 + rng.integers(0, 60))
    return Disturbance(kind=rng.choice(list(Kind)), after_cycles=max(0, int(rng.choice(phases))))


def run_scenario(job: Job, scenario: Scenario) -> Outcome:
    """Run a scenario on a new machine."""
    with open_machine(job.program.chip, seed=scenario.seed) as machine:
        run, failure = _Run(machine, job, scenario), None
        try:
            run.run()
        except ScenarioFailed as failed:
            failure = str(failed)
        return Outcome(failure=failure, among_writes=run.among_writes)


class _Run:
    """One scenario on one machine."""

    def __init__(self, machine: AxiMachine, job: Job, scenario: Scenario) -> None:
        self.machine = machine
        self.host = Host(machine, job)
        self.scenario = scenario
        self.behaviour = scenario.behaviour
        self.among_writes = 0

    def run(self) -> None:
        """Raise ScenarioFailed where something is wrong."""
        self.machine.behave(self.behaviour)
        self.host.start(watchdog_cycles=self.scenario.watchdog_cycles)
        for disturbance in self.scenario.disturbances:
            self.machine.clock(disturbance.after_cycles)
            self.among_writes += self.machine.state().open_writes > 0
            _DISTURB[disturbance.kind](self)
        self.settle()
        self.next_inference()

    def settle(self) -> None:
        """What the machine says of this inference is true; then it is idle."""
        self.await_rest()
        status, events = self.machine.value("STATUS"), self.machine.value("EVENTS")
        code = error_of(status)
        self.expect(code in (Error.NONE, Error.BUS, Error.WATCHDOG), f"error {code.name}")
        self.expect(code is not Error.WATCHDOG or self.scenario.watchdog_cycles > 0, "a watchdog that is off")
        answered = self.machine.value("BUS_ERROR") & MASKS["BUS_ERROR.RESPONSE"]
        self.expect(code is not Error.BUS or answered in (Response.SLVERR, Response.DECERR), "no response of the error")
        if events & DONE:
            self.expect(self.host.fault() is None, f"DONE, and {self.host.fault()}")
        if code is not Error.NONE:
            self.expect(not events & DONE, "DONE and an error")
            self.check_stopped(status)
        if status:
            self.abort()
        self.expect(self.machine.value("STATUS") == 0, "not idle")

    def await_rest(self) -> None:
        """Until nothing runs any more; a silent bus is waited for, then aborted and woken up."""
        most = SILENT_CYCLES if self.behaviour.silent else MOST_CYCLES
        for _ in range(most // 50):
            if not self.machine.value("STATUS") & (RUNNING | DRAINING):
                return
            self.machine.clock(50)
        self.expect(self.behaviour.silent, "hang")
        self.abort()

    def check_stopped(self, status: int) -> None:
        """Neither doorbells nor time change an error."""
        self.machine.write("EVENTS", DONE | ERROR | ABORTED)
        self.machine.write("CONTROL", START)
        self.machine.clock(100)
        self.expect(self.machine.value("STATUS") == status, "the error did not stay")
        self.expect(self.machine.value("EVENTS") == 0, "a doorbell in error is an event")

    def abort(self) -> None:
        """Abort and wait for the end; a silent bus must answer for that."""
        self.machine.write("EVENTS", ABORTED)
        self.machine.write("CONTROL", ABORT)
        if self.behaviour.silent:
            state = self.machine.state()
            waits = bool(state.open_reads or state.open_writes)
            self.machine.clock(200)
            draining = bool(self.machine.value("STATUS") & DRAINING)
            self.expect(draining or not waits, "an abort forgets open bursts")
            self.change(replace(self.behaviour, silent=False))
        for _ in range(MOST_CYCLES // 50):
            if self.machine.value("EVENTS") & ABORTED:
                return
            self.machine.clock(50)
        self.expect(False, "an abort never ends")

    def next_inference(self) -> None:
        """Whatever happened, the next inference is right; cold, and then warm."""
        self.change(replace(self.behaviour, silent=False, error_per_1024=0, fault_bytes=range(0)))
        for warm in (False, True):
            wrong = wrong_with(self.host, self.host.infer(warm=warm))
            self.expect(wrong is None, f"{'warm' if warm else 'cold'} inference afterwards: {wrong}")

    def change(self, behaviour: BusBehaviour) -> None:
        self.behaviour = behaviour
        self.machine.behave(behaviour)

    def expect(self, holds: bool, otherwise: str) -> None:
        state = self.machine.state()
        if state.breaches:
            raise ScenarioFailed(f"rule of the bus broken: {state.breach}")
        if not holds:
            raise ScenarioFailed(otherwise)


def _doorbell(run: _Run) -> None:
    run.machine.write("CONTROL", START | (WARM if run.scenario.seed % 2 else 0))


def _abort(run: _Run) -> None:
    run.machine.write("CONTROL", ABORT)


def _abort_and_doorbell(run: _Run) -> None:
    run.machine.write("CONTROL", ABORT | START)


def _reset(run: _Run) -> None:
    run.machine.reset(1 + run.scenario.seed % 3)
    run.expect(run.machine.value("STATUS") == 0 and run.machine.value("EVENTS") == 0, "not idle after reset")


def _clear(run: _Run) -> None:
    run.machine.write("EVENTS", DONE | ERROR | ABORTED)


def _errors(run: _Run) -> None:
    run.change(replace(run.behaviour, error_per_1024=1 + run.scenario.seed % 40))


def _fault(run: _Run) -> None:
    size = run.host.memory.size
    first = run.scenario.seed * 7919 % size
    response = Response.DECERR if run.scenario.seed % 2 else Response.SLVERR
    run.change(replace(run.behaviour, fault_bytes=range(first, min(size, first + 64)), fault_response=response))


def _silence(run: _Run) -> None:
    run.change(replace(run.behaviour, silent=True))


def _stalls(run: _Run) -> None:
    run.change(replace(run.behaviour, stall_per_1024=900, late_per_1024=900))


_DISTURB: Mapping[Kind, Callable[[_Run], None]] = {
    Kind.DOORBELL: _doorbell,
    Kind.ABORT: _abort,
    Kind.ABORT_AND_DOORBELL: _abort_and_doorbell,
    Kind.RESET: _reset,
    Kind.CLEAR: _clear,
    Kind.ERRORS: _errors,
    Kind.FAULT: _fault,
    Kind.SILENCE: _silence,
    Kind.STALLS: _stalls,
}
