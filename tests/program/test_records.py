"""The record of an output channel: its bytes as docs/machine.md, section 6, gives them."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.program.instructions import ChannelRecord
from chipsmith.program.records import PER_CHANNEL_RECORD, record_field


def test_a_record_has_no_padding():
    assert [record.record_bytes for record in ChannelRecord] == [0, 4, 9]


def test_a_record_is_bias_multiplier_and_shift_in_this_order():
    records = np.zeros(2, PER_CHANNEL_RECORD)
    records[1] = (-2, 0x01020304, 40)
    assert records.tobytes()[9:] == bytes.fromhex("feffffff 04030201 28")


@pytest.mark.parametrize(("name", "value"), [("bias", -2), ("multiplier", 0x01020304), ("shift", 40)])
def test_a_field_is_read_at_its_offset(name, value):
    record = np.array((-2, 0x01020304, 40), PER_CHANNEL_RECORD)
    dtype, offset = record_field(name)
    assert np.frombuffer(record.tobytes(), dtype, count=1, offset=offset) == value
