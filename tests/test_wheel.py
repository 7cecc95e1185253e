"""A built wheel holds everything and works without the repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from chipsmith.chip import catalogue

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Runs a command line of the installed wheel, away from the repository."""
    target = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target)]
    subprocess.run([*pip, str(wheel)], check=True)

    def run(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=target,
            env={**os.environ, "PYTHONPATH": str(target)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert Path(run("-c", "import chipsmith; print(chipsmith.__file__)").strip()).is_relative_to(target)
    return run


def test_the_wheel_holds_every_file_of_the_package(wheel):
    files = {str(file.relative_to(SOURCE)) for file in (SOURCE / "chipsmith").rglob("*") if file.is_file()}
    sources = {file for file in files if "__pycache__" not in file}
    names = set(zipfile.ZipFile(wheel).namelist())
    assert sources <= names
    assert {Path(name).suffix for name in sources} >= {".yaml", ".csv", ".html", ".css", ".js", ".sv"}


def test_the_wheel_holds_licence_notices_and_the_command(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {Path(name).name for name in archive.namelist()}
        (entry,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert {"LICENSE", "NOTICE"} <= names
        assert "chipsmith = chipsmith.start:main" in archive.read(entry).decode()


def test_an_installed_wheel_knows_its_chips_and_compiles(installed):
    chips = json.loads(installed("-m", "chipsmith.cli", "chips", "--json"))["chips"]
    assert [chip["name"] for chip in chips] == list(catalogue())
    network = str(ROOT / "tests" / "networks" / "digits_cnn.tosa")
    (estimate,) = json.loads(installed("-m", "chipsmith.cli", "estimate", network, "--json"))["estimates"]
    assert estimate["die_cost_usd"] > 0


PAGE_SCRIPT = """
import sys
import chipsmith
from chipsmith.profile.measure import describe_chip, full_profile
from chipsmith.reports.html import render_page
from chipsmith.reports.record import RunRecord

program = chipsmith.compile(sys.argv[1]).program
record = RunRecord(network="digits", chip=describe_chip(program.chip), inference=full_profile(program))
page = render_page(record)
print(page.startswith("<!DOCTYPE html>") and 'id="plotly">H4sI' in page)  # gzip in base64
"""


def test_an_installed_wheel_draws_pages(installed):
    assert installed("-c", PAGE_SCRIPT, str(ROOT / "tests" / "networks" / "digits_cnn.tosa")).strip() == "True"


def test_the_lowest_versions_are_those_that_are_tried():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    tried = [Requirement(line) for line in (ROOT / ".ci" / "lowest.txt").read_text().splitlines()]
    lowest = {requirement.name: next(iter(requirement.specifier)).version for requirement in tried}
    allowed = {requirement.name: requirement.specifier for requirement in map(Requirement, project["dependencies"])}
    assert lowest.keys() == allowed.keys()
    for name, version in lowest.items():
        (bound,) = (bound for bound in allowed[name] if bound.operator in (">=", "=="))
        assert Version(bound.version) == Version(version)
