"""Proves the properties of the RTL, and that each proof can fail: the table of docs/proofs.md.

    python benchmarks/proofs.py [--json] [--only NAME ...] [--mutants]

Results are kept in the cache by the content of the sources. `--mutants` puts each seeded fault into its module and
tells which property misses it.
"""

from __future__ import annotations

import argparse
import json

from chipsmith.hardware.formal.covers import measure_reach
from chipsmith.hardware.formal.faults import MUTANTS
from chipsmith.hardware.formal.mutants import survives, unbroken
from chipsmith.hardware.formal.proofs import ProofRun, run_task
from chipsmith.hardware.formal.tasks import TASKS, ProofTask, find_task


def describe(task: ProofTask, run: ProofRun) -> list[dict[str, object]]:
    """A row a property of a proof; `reached`: the cycle in which the antecedent of an assertion first comes true."""
    reach = measure_reach(task)
    return [
        {
            "property": result.subject.full_name,
            "statement": result.subject.statement,
            "kind": "shown" if result.subject.is_assertion else "assumption discharged",
            "in": task.name,
            "verdict": result.verdict.value,
            "cycles": result.cycles,
            "reached": reach.get(result.subject.name) if result.subject.is_assertion else None,
        }
        for result in run.results
    ]


def measure_mutants(names: set[str]) -> dict[str, object]:
    """How many seeded faults there are, how many were caught, which were not, and what no fault breaks."""
    mutants = [mutant for mutant in MUTANTS if mutant.task in names]
    missed = [f"{mutant.task}.{mutant.kills}" for mutant in mutants if survives(mutant)]
    without = sorted(f"{name}.{left}" for name in names for left in unbroken(find_task(name), MUTANTS))
    return {"seeded": len(mutants), "killed": len(mutants) - len(missed), "missed": missed, "without_fault": without}


def main() -> None:
    """Prove and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=[task.name for task in TASKS], help="names of proofs")
    parser.add_argument("--mutants", action="store_true", help="break the modules too")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rows, seconds = [], {}
    for task in TASKS:
        if task.name in given.only:
            run = run_task(task)
            own = describe(task, run)
            rows += own
            seconds[task.name] = round(run.seconds, 1)
            if not given.json:
                show(task, run, own)
    mutants = measure_mutants(set(given.only)) if given.mutants else None
    if given.json:
        print(json.dumps({"properties": rows, "processor_seconds": seconds, "mutants": mutants}, indent=1))
    elif mutants:
        print(mutants)


def show(task: ProofTask, run: ProofRun, rows: list[dict[str, object]]) -> None:
    """Print the results of a proof."""
    print(f"{task.name}  {run.seconds:.1f} s of processor time")
    for row in rows:
        print(f"  {row['verdict']:<10} {row['property']}: {row['statement']}")


if __name__ == "__main__":
    main()
