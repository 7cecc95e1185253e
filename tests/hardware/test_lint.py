"""The RTL is clean for Verilator's lint and readable for yosys, on chips of very different sizes."""

from __future__ import annotations

import pytest

from chipsmith.chip import load_chip, override_chip
from chipsmith.errors import BadInput
from chipsmith.hardware.lint import elaborate_machine, lint_machine

SMALLEST = {
    "name": "smallest",
    "tensor.rows": "4",
    "tensor.columns": "4",
    "tensor.tile_pixels": "8",
    "vector.lanes": "2",
    "vector.multiplier_lanes": "1",
    "vector.table_lanes": "1",
    "memory.groups": "2",
    "memory.group_bytes": "256",
    "instructions.page_instructions": "2",
    "external.bytes_per_cycle": "1",
}
WIDE = {
    "name": "wide",
    "tensor.rows": "128",
    "external.bytes_per_cycle": "128",
    "instructions.page_instructions": "256",
}
CHIPS = {
    "nano-64": load_chip("nano-64"),
    "edge-256": load_chip("edge-256"),
    "smallest": override_chip(load_chip("nano-64"), SMALLEST),
    "wide": override_chip(load_chip("nano-64"), WIDE),
}


@pytest.mark.parametrize("name", CHIPS)
@pytest.mark.parametrize("top", ["machine", "axi_machine"])
def test_lint_finds_nothing(rtl_tools, name, top):
    assert lint_machine(CHIPS[name], top) == ""


@pytest.mark.parametrize("name", ["nano-64", "smallest"])
def test_yosys_elaborates_every_module(name):
    try:
        said = elaborate_machine(CHIPS[name])
    except BadInput as missing:
        pytest.skip(str(missing))
    assert said == ""
