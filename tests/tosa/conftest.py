"""The sample of generated cases, shared by the tests of meanings and loop nests."""

from __future__ import annotations

from pathlib import Path

import pytest

from chipsmith.tosa.operators import OPERATORS
from chipsmith.witness.conformance.cases import is_case_of, sampled


@pytest.fixture(scope="session")
def sample(pytestconfig) -> dict[str, list[Path]]:
    """Case folders by operator."""
    folders = sampled(pytestconfig.cache.mkdir("tosa-conformance"))
    return {kind: [folder for folder in folders if is_case_of(folder, kind)] for kind in OPERATORS}
