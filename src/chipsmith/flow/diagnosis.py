"""What is installed, what is missing, and the command that mends it: read from the package's own metadata."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from chipsmith.errors import BadInput
from chipsmith.flow.results import Check, Diagnosis

_USES = {
    "": "every command",
    "torch": "training, and networks written in PyTorch",
    "tflite": "networks in .tflite files",
    "rtl": "the chip's RTL: simulation and synthesis",
}
"""What the requirements of an extra ('' is none) are for; `all` joins them, `test` is for who works on Chipsmith."""


def diagnose() -> Diagnosis:
    """Compare the installed packages with what Chipsmith requires, extra by extra."""
    checks = tuple(_check(requirement, extra) for requirement, extra in _requirements())
    return Diagnosis(checks=checks, mend=_command(one for one in checks if not one.ok))


def _requirements() -> Iterator[tuple[Requirement, str]]:
    """Each requirement once, with the first extra that asks for it."""
    try:
        known = [Requirement(text) for text in requires("chipsmith") or []]
    except PackageNotFoundError as error:
        raise BadInput("chipsmith runs from a folder and is not installed; mend: python -m pip install .") from error
    seen = {"chipsmith"}
    for extra in _USES:
        for requirement in known:
            if requirement.name not in seen and _applies(requirement, extra):
                seen.add(requirement.name)
                yield requirement, extra


def _applies(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def _check(requirement: Requirement, extra: str) -> Check:
    found = _installed(requirement.name)
    ok = bool(found) and requirement.specifier.contains(found, prereleases=True)
    wanted = f"{requirement.name}{requirement.specifier}"
    return Check(
        name=requirement.name,
        needed=str(requirement.specifier) or "any version",
        found=found or "missing",
        used_for=_USES[extra],
        ok=ok,
        required=extra == "",
        mend="" if ok else _pip([wanted]),
    )


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _command(missing: Iterable[Check]) -> str:
    wanted = [f"{one.name}{one.needed}" if one.needed != "any version" else one.name for one in missing]
    return _pip(wanted) if wanted else ""


def _pip(requirements: list[str]) -> str:
    return shlex.join([sys.executable, "-m", "pip", "install", *requirements])
