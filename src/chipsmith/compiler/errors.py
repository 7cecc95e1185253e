"""The refusal of a network for which a chip has no memory."""

from __future__ import annotations

from chipsmith.errors import OperatorRefused


class DoesNotFit(OperatorRefused):
    """A memory has no place for what must stand in it at once."""
