"""Random errors, aborts, resets and doorbells on the bus: is the next inference right, and does nothing hang?"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

from bus_scenarios.host import random_job
from bus_scenarios.scenario import random_scenario, run_scenario

import chipsmith

COUNT = 1000
NETWORKS = ("gru", "digits_cnn")
FOLDER = Path(__file__).parents[2] / "tests" / "networks"


def measure() -> dict[str, Any]:
    """`scenarios`: how many, how many failed and how, and how often each disturbance happened."""
    jobs = [random_job(chipsmith.compile(str(FOLDER / f"{name}.tosa"), chip="nano-64").program, 1) for name in NETWORKS]
    failures, kinds = Counter[str](), Counter[str]()
    for seed in range(COUNT):
        job = jobs[seed % len(jobs)]
        scenario = random_scenario(job, seed)
        kinds.update(disturbance.kind.value for disturbance in scenario.disturbances)
        failure = run_scenario(job, scenario)
        if failure:
            print(f"scenario {seed}: {failure}: {scenario}", file=sys.stderr)
            failures[failure] += 1
    happened = [{"disturbance": name, "times": count} for name, count in sorted(kinds.items())]
    tried = {"tried": COUNT, "failed": failures.total(), "failures": dict(failures)}
    return {"scenarios": tried, "disturbances": happened}
