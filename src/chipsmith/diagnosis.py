"""What is installed, what is missing, and the command that mends it: read from the package's own metadata.

It needs nothing of what it looks for, so that it still answers where the rest of the package cannot be imported.
"""

from __future__ import annotations

import dataclasses
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires

from packaging.requirements import Requirement

from chipsmith.errors import BadInput
from chipsmith.extras import installed_version
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.shown import Shown

_USES = {
    "": "every command",
    "torch": "training, and networks written in PyTorch",
    "tflite": "networks in .tflite files",
    "onnx": "networks in .onnx files",
    "data": "images, sound, text and series as raw data",
    "search": "networks and chips searched together: samplers, workers, storages",
    "compression": "smaller networks: pruning",
    "rtl": "the chip's RTL: simulation and synthesis",
    "cpu": "networks on this computer by OpenVINO",
    "quantum": "quantum circuits and their noise",
    "signing": "signatures, and bills of materials",
    "tracking": "runs told to TensorBoard and MLflow",
}
"""What the requirements of an extra ('' is none) are for; `all` joins them, `test` is for who works on Chipsmith."""


@dataclass(frozen=True, kw_only=True)
class Check(Shown):
    """One thing that Chipsmith uses: what is needed, what is installed ('missing' if nothing), and what mends it."""

    name: str
    needed: str
    installed: str
    used_for: str
    ok: bool
    required: bool
    mend: str


@dataclass(frozen=True, kw_only=True)
class TargetCheck(Shown):
    """A target, with the options that it was asked with: what it needs and is not here, and the command that mends it.

    `missing` are names, none where the target works here; `mend` is '' where nothing is to be mended, or no command
    mends it (a device).
    """

    name: str
    missing: tuple[str, ...]
    mend: str

    @property
    def available(self) -> bool:
        """Whether the target works here."""
        return not self.missing


@dataclass(frozen=True, kw_only=True)
class Diagnosis(Shown):
    """What is installed and what is missing; `mend` is one command for all packages that are missing ('' if none is).

    `targets` are those that networks run on; empty where they cannot be asked, for want of what every command needs.
    """

    checks: tuple[Check, ...]
    mend: str
    targets: tuple[TargetCheck, ...] = ()

    def _brief(self) -> str:
        missing = [check.name for check in self.checks if not check.ok]
        targets = ", ".join(target.name for target in self.targets if target.available)
        told = f"missing: {', '.join(missing)}" if missing else "all is there"
        return f"{told}; targets that work here: {targets}"

    @property
    def works(self) -> bool:
        """Whether everything is there that Chipsmith needs without its extras."""
        return all(check.ok for check in self.checks if check.required)

    @property
    def complete(self) -> bool:
        """Whether everything is there."""
        return all(check.ok for check in self.checks)

    @property
    def failure(self) -> str:
        """That Chipsmith does not work, in words; empty where it does."""
        return "" if self.works else "something that every command needs is missing"

    def to_json(self) -> Json:
        """The object of `chipsmith doctor --json`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "works": self.works,
            "complete": self.complete,
            "mend": self.mend,
            "checks": [dataclasses.asdict(check) for check in self.checks],
            "targets": [
                {
                    "name": target.name,
                    "available": target.available,
                    "missing": list(target.missing),
                    "mend": target.mend,
                }
                for target in self.targets
            ],
        }


def diagnose() -> Diagnosis:
    """Compare the installed packages with what Chipsmith requires, extra by extra."""
    checks = tuple(_check(requirement, extra) for requirement, extra in _requirements())
    return Diagnosis(checks=checks, mend=_command(check for check in checks if not check.ok))


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
    installed = installed_version(requirement.name) or ""
    ok = bool(installed) and requirement.specifier.contains(installed, prereleases=True)
    wanted = f"{requirement.name}{requirement.specifier}"
    return Check(
        name=requirement.name,
        needed=str(requirement.specifier) or "any version",
        installed=installed or "missing",
        used_for=_USES[extra],
        ok=ok,
        required=extra == "",
        mend="" if ok else _pip([wanted]),
    )


def _command(missing: Iterable[Check]) -> str:
    wanted = [f"{check.name}{check.needed}" if check.needed != "any version" else check.name for check in missing]
    return _pip(wanted) if wanted else ""


def _pip(requirements: list[str]) -> str:
    return shlex.join([sys.executable, "-m", "pip", "install", *requirements])


def describe(diagnosis: Diagnosis) -> str:
    """A line for each check by what it is used for, one for each target, then what mends missing packages."""
    checks = [(f"  {check.name}", check.needed, check.installed, _mark(check)) for check in diagnosis.checks]
    head, *rows = _align([("package", "needed", "installed", ""), *checks])
    lines, used_for = [head], ""
    for check, row in zip(diagnosis.checks, rows, strict=True):
        lines += [row] if check.used_for == used_for else [f"{check.used_for}:", row]
        used_for = check.used_for
    if diagnosis.targets:
        lines += ["", *_describe_targets(diagnosis.targets)]
    return "\n".join([*lines, "", f"mend: {diagnosis.mend}" if diagnosis.mend else "every package is there"])


def _describe_targets(targets: Sequence[TargetCheck]) -> Iterator[str]:
    """A line for each target; what is missing, and what mends it, below it."""
    rows = [(target.name, "works here" if target.available else "missing:") for target in targets]
    for target, line in zip(targets, _align([("target", ""), *rows])[1:], strict=True):
        yield line
        if not target.available:
            yield f"  {', '.join(target.missing)}"
        if target.mend:
            yield f"  mend: {target.mend}"


def _align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines whose columns stand beneath one another."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _mark(check: Check) -> str:
    return "" if check.ok else "MEND"
