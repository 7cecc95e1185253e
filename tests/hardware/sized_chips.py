"""Chips of very different sizes, for what must hold of the RTL of any chip."""

from __future__ import annotations

from chipsmith.chip import load_chip, override_chip
from chipsmith.hardware.formal.tasks import SMALL

SMALLEST = {**SMALL, "name": "smallest", "external.bytes_per_cycle": "1"}
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
