"""The record of one output channel in on-chip memory (docs/machine.md, section 6)."""

from __future__ import annotations

from typing import Any

import numpy as np

PER_CHANNEL_RECORD: np.dtype[Any] = np.dtype([("bias", "<i4"), ("multiplier", "<i4"), ("shift", "u1")])
"""Of ChannelRecord.PER_CHANNEL: 9 bytes without padding; a BIAS record is its first field alone."""


def record_field(name: str) -> tuple[str, int]:
    """Numpy type and offset in bytes of a field: "bias", "multiplier" or "shift"."""
    assert PER_CHANNEL_RECORD.fields is not None
    dtype, offset, *_ = PER_CHANNEL_RECORD.fields[name]
    return dtype.str, offset
