"""The journal of a search: finished lines count, a part of one goes, and damage is seen."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.studies.journal import SearchJournal


@pytest.fixture
def path(tmp_path):
    return tmp_path / "pairs.journal"


def number(fields):
    return fields["number"]


def write(path, *numbers):
    journal = SearchJournal(path)
    journal.read(number)
    for each in numbers:
        journal.append({"number": each})


def test_lines_are_read_in_the_order_in_which_they_were_written(path):
    assert SearchJournal(path).read(number) == []
    write(path, 1, 2)
    write(path, 3)
    assert SearchJournal(path).read(number) == [1, 2, 3]


def test_a_line_that_was_not_finished_goes(path):
    with path.open("w") as file:
        file.write('{"number"')
    write(path, 1)
    with path.open("a") as file:
        file.write('{"number":2}\n')
    assert SearchJournal(path).read(number) == [1]
    assert path.read_text() == '{"number":1}\n'


def test_each_flipped_bit_is_seen(path):
    write(path, *range(20))
    for file in (path, path.with_name("pairs.journal.sum")):
        whole = file.read_bytes()
        for bit in np.random.default_rng(0).integers(0, 8 * len(whole), 50):
            flipped = bytearray(whole)
            flipped[bit // 8] ^= 1 << (bit % 8)
            file.write_bytes(flipped)
            with pytest.raises(BadInput, match=r"is damaged; remove it and .* to search again"):
                SearchJournal(path).read(number)
        file.write_bytes(whole)


def test_lines_of_another_form_are_refused(path):
    write(path, 1)
    with pytest.raises(BadInput, match=r"pairs\.journal is not the journal of this search; name another folder"):
        SearchJournal(path).read(lambda fields: fields["pair"])
