"""The doctor compares the package's own requirements with what is installed, and names the command that mends."""

from __future__ import annotations

import shlex
import subprocess
import sys
from importlib.metadata import PackageNotFoundError

import pytest

from chipsmith import diagnosis as module
from chipsmith.diagnosis import describe, diagnose
from chipsmith.errors import BadInput

REQUIRED = [
    "numpy==2.1.3",
    "rich==15.*",
    "torch==2.13.0; extra == 'torch'",
    "torch==2.13.0; extra == 'all'",
    "pytest==9.*; extra == 'test'",
]


@pytest.fixture
def machine(monkeypatch):
    """A machine with these packages, for a Chipsmith that requires REQUIRED."""

    def install(**installed: str) -> None:
        monkeypatch.setattr(module, "installed_version", installed.get)
        monkeypatch.setattr(module, "requires", lambda _: REQUIRED)

    return install


def test_all_is_well(machine):
    machine(numpy="2.1.3", rich="15.0.1", torch="2.13.0+cpu")
    diagnosis = diagnose()
    assert (diagnosis.works, diagnosis.complete, diagnosis.mend) == (True, True, "")
    required = {check.name: check.required for check in diagnosis.checks}
    assert required == {"numpy": True, "rich": True, "torch": False}


def test_a_missing_extra_is_named_with_its_pin(machine):
    machine(numpy="2.1.3", rich="15.0.1")
    diagnosis = diagnose()
    assert (diagnosis.works, diagnosis.complete) == (True, False)
    assert shlex.split(diagnosis.mend) == [sys.executable, "-m", "pip", "install", "torch==2.13.0"]
    assert describe(diagnosis).splitlines()[-1] == f"mend: {diagnosis.mend}"


def test_another_version_of_what_every_command_needs_is_a_fault(machine):
    machine(numpy="2.3.0", rich="14.0", torch="2.13.0")
    diagnosis = diagnose()
    assert not diagnosis.works
    assert shlex.split(diagnosis.mend)[-2:] == ["numpy==2.1.3", "rich==15.*"]
    assert diagnosis.checks[0].installed == "2.3.0"


def test_a_folder_that_was_never_installed_says_how_to_install(monkeypatch):
    def never(name: str) -> list[str]:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(module, "requires", never)
    with pytest.raises(BadInput, match="pip install"):
        diagnose()


def test_it_answers_where_nothing_else_can_be_imported():
    """It imports none of the packages that it looks for, but what reads their versions."""
    script = "import sys; import chipsmith.diagnosis; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"numpy", "numba", "pydantic", "yaml", "rich", "click"} & set(done.stdout.split())
