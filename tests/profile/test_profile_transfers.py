"""Transfers know what they move, and for which kernels."""

from __future__ import annotations

import pytest
from compiled import compiled_program

from chipsmith.profile.profile import BufferRole
from chipsmith.profile.transfers import profile_transfers
from chipsmith.program.instructions import Store


def test_transfers_know_what_they_move():
    program = compiled_program()
    rows = {row.name: row for row in profile_transfers(program)}
    (image,), (scores,) = program.manifest.inputs, program.manifest.outputs
    assert rows[f"input {image.name}"].role is BufferRole.INPUT
    store = rows[f"output {scores.name}"]
    assert isinstance(program.instructions[store.index], Store)
    assert store.shares == {program.manifest.kernels[-1].name: 1.0}


def test_the_shares_of_a_transfer_sum_to_all_of_it():
    assert all(sum(row.shares.values()) == pytest.approx(1) for row in profile_transfers(compiled_program()))


def test_pages_serve_no_kernel():
    pages = [row for row in profile_transfers(compiled_program("encoder_layer")) if row.name.startswith("page ")]
    assert [row.name for row in pages] == [f"page {number}" for number in range(1, len(pages) + 1)]
    assert not any(row.shares or row.buffer for row in pages)
