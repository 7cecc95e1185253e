"""The folder of a compression: whose it is, what is finished in it, and what is refused."""

from __future__ import annotations

import pytest
from toy_compression import MIDDLE

from chipsmith.errors import BadInput
from chipsmith.studies.budget import Budget
from chipsmith.studies.folder import CompressionFolder


@pytest.fixture
def folder(tmp_path):
    return CompressionFolder(tmp_path / "run", identity="a recipe and a chip")


def store(folder, text):
    place = folder.path / "candidates" / MIDDLE.name
    place.mkdir(parents=True)
    (place / "candidate.json").write_text(text)
    (place / "digits.tosa").write_bytes(b"a graph")


def test_a_folder_of_another_compression_is_refused(folder):
    assert CompressionFolder(folder.path, identity="a recipe and a chip").path == folder.path
    with pytest.raises(BadInput, match="holds the compression of another recipe, for another chip"):
        CompressionFolder(folder.path, identity="another")


def test_what_is_finished_is_read_and_a_damaged_file_is_named(folder):
    assert folder.read_candidate("middle") is None
    store(folder, MIDDLE.model_dump_json())
    assert folder.read_candidate("middle") == MIDDLE
    (folder.path / "candidates" / "middle" / "candidate.json").write_text('{"name": "mid')
    with pytest.raises(BadInput, match=r"candidate\.json is damaged: remove .*middle to make that network again"):
        folder.read_candidate("middle")


def test_the_chosen_networks_files_stand_at_the_top(folder):
    store(folder, MIDDLE.model_dump_json())
    folder.copy_to_top(MIDDLE)
    assert (folder.path / "digits.tosa").read_bytes() == b"a graph"
    assert not (folder.path / "candidate.json").exists()


def test_trials_within_other_bounds_of_cost_stand_in_another_journal(folder):
    loose, tight = Budget(max_latency_us=94), Budget(max_latency_us=47)
    assert folder.journal(loose) != folder.journal(tight)
    assert folder.journal(loose) == folder.journal(Budget(max_latency_us=94, max_accuracy_drop=3))
