"""Random errors, aborts, resets and doorbells on the bus: is the next inference right, and does nothing hang?"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

from bus_scenarios.host import Job, random_job
from bus_scenarios.scenario import random_scenario, run_scenario

import chipsmith
from chipsmith.chip import load_chip

TESTS = Path(__file__).parents[2] / "tests"
sys.path.extend(str(TESTS / folder) for folder in ("sim", "hardware"))  # last: before them stands Python's own

COUNT = 1000
NETWORKS = ("gru", "digits_cnn")
CHIP = load_chip("nano-64")
STORES = 30
STORE_PROGRAMS = 10


def measure() -> dict[str, Any]:
    """`scenarios`: how many, how many failed and how, and how often each disturbance happened."""
    jobs = _jobs()
    failures, kinds, among_writes = Counter[str](), Counter[str](), 0
    for seed in range(COUNT):
        job = jobs[seed % len(jobs)]
        scenario = random_scenario(job, seed)
        kinds.update(disturbance.kind.value for disturbance in scenario.disturbances)
        outcome = run_scenario(job, scenario)
        among_writes += outcome.among_writes
        if outcome.failure:
            print(f"scenario {seed}: {outcome.failure}: {scenario}", file=sys.stderr)
            failures[outcome.failure] += 1
    happened = [{"disturbance": name, "times": count} for name, count in sorted(kinds.items())]
    tried = {"tried": COUNT, "failed": failures.total(), "failures": dict(failures)}
    return {"scenarios": tried, "disturbances": happened, "disturbances_among_writes": among_writes}


def _jobs() -> list[Job]:
    """Networks, and as many Programs of little but STOREs."""
    from many_stores import many_stores

    networks = [chipsmith.compile(str(TESTS / "networks" / f"{name}.tosa"), chip=CHIP).program for name in NETWORKS]
    stores = [many_stores(CHIP, seed, STORES) for seed in range(STORE_PROGRAMS)]
    repeated = networks * (STORE_PROGRAMS // len(networks))
    return [random_job(program, 1) for pair in zip(repeated, stores, strict=True) for program in pair]
