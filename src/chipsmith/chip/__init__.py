"""What a chip is: its description, the catalogue and the technology tables."""

from chipsmith.chip.description import Chip, json_schema
from chipsmith.chip.reading import (
    catalogue,
    load_catalogue,
    load_chip,
    override_chip,
    parse_chip_settings,
    parse_overrides,
    read_chip,
)

__all__ = [
    "Chip",
    "catalogue",
    "json_schema",
    "load_catalogue",
    "load_chip",
    "override_chip",
    "parse_chip_settings",
    "parse_overrides",
    "read_chip",
]
