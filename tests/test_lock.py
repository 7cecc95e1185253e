"""The lock file names every requirement of the package, in a version that pyproject.toml allows, with hashes alone."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LINE = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>\S+)((?: --hash=sha256:[0-9a-f]{64})+)")
TRIED = {"python_version": "3.11", "python_full_version": "3.11.0", "sys_platform": "linux", "extra": "test"}


def requirements() -> Iterator[Requirement]:
    """Those of the package and of all its extras that apply where the lock file was tried."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    texts = [*project["dependencies"], *(text for extra in project["optional-dependencies"].values() for text in extra)]
    for requirement in map(Requirement, texts):
        if requirement.name != "chipsmith" and (requirement.marker is None or requirement.marker.evaluate(TRIED)):
            yield requirement


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return [line for line in (ROOT / ".ci" / "lock.txt").read_text().splitlines() if not line.startswith("#")]


def test_each_line_is_a_distribution_with_its_hash_and_names_no_place_to_load_it_from(lines):
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    names = [LINE.fullmatch(line)["name"] for line in lines]
    assert names == sorted(set(names))


@pytest.mark.parametrize("requirement", list(requirements()), ids=str)
def test_each_requirement_is_locked_in_a_version_that_it_allows(requirement, lines):
    versions = {LINE.fullmatch(line)["name"]: LINE.fullmatch(line)["version"] for line in lines}
    assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)], prereleases=True)
