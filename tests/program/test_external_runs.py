"""Runs of transfers in external memory, by arithmetic and by going through all of their bytes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from chipsmith.chip import load_chip
from chipsmith.program.external_runs import stores_twice, transfer_lines, transfer_words, transfers_meet
from chipsmith.program.instructions import Load, Store

CHIPS = [load_chip("nano-64"), load_chip("edge-1024", {"external.bytes_per_cycle": "32"})]


def random_transfer(rng, row):
    outer, inner, size = (int(count) for count in rng.integers(1, [12, 12, 20]))
    spread = int(rng.choice([3, 40, 400]))
    strides = (int(stride) for stride in rng.integers(-spread, spread + 1, 2))
    return row(
        external_address=20_000 + int(rng.integers(300)),
        outer_count=outer,
        inner_count=inner,
        run_bytes=size,
        external_outer_stride=next(strides),
        external_inner_stride=next(strides),
    )


def run_starts(transfer):
    return [
        transfer.external_address + i * transfer.external_outer_stride + k * transfer.external_inner_stride
        for i in range(transfer.outer_count)
        for k in range(transfer.inner_count)
    ]


def touched(transfer):
    """Each byte with how often it is touched."""
    return Counter(start + byte for start in run_starts(transfer) for byte in range(transfer.run_bytes))


def pieces(transfer, width):
    """Aligned pieces of so many bytes that each run touches."""
    return [(start + transfer.run_bytes - 1) // width - start // width + 1 for start in run_starts(transfer)]


@pytest.mark.parametrize("seed", range(150))
def test_runs_are_those_of_the_machines_formula(seed):
    rng = np.random.default_rng(seed)
    store, load = random_transfer(rng, Store), random_transfer(rng, Load)
    assert stores_twice(store) == (max(touched(store).values()) > 1)
    assert transfers_meet(store, load) == transfers_meet(load, store) == bool(touched(store) & touched(load))
    for chip in CHIPS:
        width, atom = chip.external.bytes_per_cycle, chip.external.atom_bytes
        assert transfer_lines(load, chip) == sum(pieces(load, width))
        assert transfer_words(load, chip) == sum(pieces(load, atom)) * atom // width


def test_billions_of_runs_take_no_longer():
    all_runs = {"outer_count": 65535, "inner_count": 65535, "run_bytes": 1}
    once = Store(**all_runs, external_outer_stride=65535, external_inner_stride=1)
    assert not stores_twice(once)
    assert stores_twice(Store(**all_runs, external_outer_stride=65534, external_inner_stride=1))
    assert transfer_lines(once, CHIPS[0]) == 65535 * 65535
    assert transfer_words(once, CHIPS[0]) == 65535 * 65535 * 8
    assert transfers_meet(once, Load(external_address=1 << 31, run_bytes=1))
    assert not transfers_meet(once, Load(external_address=65535 * 65535, run_bytes=1))
