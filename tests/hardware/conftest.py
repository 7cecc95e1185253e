"""Skips the tests of the RTL, with a reason, where its tools are missing."""

from __future__ import annotations

import pytest

from chipsmith.errors import BadInput
from chipsmith.hardware.build import find_toolchain


@pytest.fixture(scope="session")
def rtl_tools():
    try:
        return find_toolchain()
    except BadInput as missing:
        pytest.skip(str(missing))
