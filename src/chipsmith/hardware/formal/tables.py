"""The tables of docs/proofs.md: what each proof shows, and who guarantees what it assumes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from chipsmith.hardware.formal.properties import Property, read_properties
from chipsmith.hardware.formal.tasks import TASKS, ProofTask, task_sources
from chipsmith.hardware.sources import shipped_names

_NAMED = re.compile(r"\w+\.\w+")

LastVerdicts = Mapping[tuple[str, str], str]
"""The name of a proof and the full name of a property, to its last verdict."""
LastReach = Mapping[tuple[str, str], int | str]
"""The same, to the cycle in which its antecedent first came true."""


def property_table(verdicts: LastVerdicts, reached: LastReach) -> str:
    """A row an assertion of the top module of each proof; of a variant its name stands behind the property's."""
    rows = "\n".join(
        f"| `{known.full_name}`{task.variant and f', {task.variant}'} | {known.statement} "
        f"| {verdicts.get((task.name, known.full_name), 'not run')} "
        f"| {reached.get((task.name, known.full_name), 'not run')} |"
        for task in TASKS
        for known in _properties(task, task.top)
        if known.is_assertion
    )
    return f"| property | it says | last result | antecedent in cycle |\n|---|---|---|---|\n{rows}"


def assumption_table(verdicts: LastVerdicts) -> str:
    """A row an assumption of each module: the proof in which it is shown, or that simulations alone check it."""
    rows = "\n".join(
        f"| `{known.full_name}` | {known.statement} | {_discharge(known, verdicts)} |"
        for task in TASKS
        if not task.variant
        for known in _properties(task, task.top)
        if not known.is_assertion
    )
    return f"| assumption | it says: who guarantees it | shown |\n|---|---|---|\n{rows}"


def proof_table(seconds: Mapping[str, float]) -> str:
    """A row a proof: its parts, what is scaled down, its processor time."""
    return "| proof of | beside | scaled | processor time (s) |\n|---|---|---|---|\n" + "\n".join(
        f"| `{task.name}` | {_listed([*task.parts, *task.watched, *task.stubs.values()])} | {_scaled(task)} "
        f"| {seconds.get(task.name, 'not run')} |"
        for task in TASKS
    )


def _properties(task: ProofTask, module: str) -> tuple[Property, ...]:
    return read_properties(module, task_sources(task)[f"{module}.sv"])


def _discharge(known: Property, verdicts: LastVerdicts) -> str:
    """Where an assumption is shown of what surrounds its module, or how else it is held to."""
    if places := list(_places(known, verdicts)):
        return f"proved in {_listed(places)}"
    if known.module not in shipped_names():
        return "restricts the proof alone"
    named = [name for name in _NAMED.findall(known.statement.rpartition(": ")[2]) if _is_proved(name, verdicts)]
    return f"by {_listed(named)}, proved; the two are joined in simulation" if named else "checked in simulation"


def _is_proved(name: str, verdicts: LastVerdicts) -> bool:
    return any(verdict == "proved" for (_, full_name), verdict in verdicts.items() if full_name == name)


def _places(known: Property, verdicts: LastVerdicts) -> Iterator[str]:
    """The proofs in which what a module assumes was shown of the modules around it."""
    for top, name in verdicts:
        if name == known.full_name and top != known.module and verdicts[top, name] == "proved":
            yield top


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "-"


def _scaled(task: ProofTask) -> str:
    return ", ".join(f"{name} = {value}" for name, value in task.constants.items()) or "-"
