"""The committed study of private digits: its rows, and what the documentation says of it."""

from __future__ import annotations

from pathlib import Path

from chipsmith.learn.privacy.audit_record import read_audit

STUDY = Path(__file__).parents[3] / "docs" / "privacy.json"


def test_the_study_holds_its_bars():
    record = read_audit(STUDY)
    rows = {row.epsilon: row for row in record.rows}
    assert set(rows) == {1.0, 2.0, 4.0, 8.0, None}
    assert len(record.seeds) == 3
    assert record.shadows == 16
    assert rows[8.0].accuracy("npu") >= 0.94
    for epsilon, row in rows.items():
        assert row.delta <= 1 / record.examples
        if epsilon is not None:
            assert 0.95 * epsilon < row.spent <= epsilon
    assert record.control_bound > 0.2
    assert record.failure == ""
