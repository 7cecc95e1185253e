"""The folder of a compression: whose it is, what is finished in it, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from toy_compression import MIDDLE

from chipsmith.checksums import write_sums
from chipsmith.errors import BadInput
from chipsmith.studies.folder import CompressionFolder

IDENTITY = {"recipe": {"seed": 0}, "chip": "edge-256", "data": {"test": "80 examples, sha256 ab"}}


@pytest.fixture
def folder(tmp_path):
    return CompressionFolder(tmp_path / "run", identity=IDENTITY)


def store(folder):
    place = folder.path / "candidates" / MIDDLE.name
    place.mkdir(parents=True)
    (place / "candidate.json").write_text(MIDDLE.model_dump_json())
    (place / "digits.tosa").write_bytes(b"a graph")
    write_sums(place)


def test_a_folder_of_another_compression_is_refused(folder):
    assert CompressionFolder(folder.path, identity=IDENTITY).path == folder.path
    with pytest.raises(
        BadInput, match=r"another compression: its recipe\.seed is 0, here it is 1; name another folder"
    ):
        CompressionFolder(folder.path, identity={**IDENTITY, "recipe": {"seed": 1}})
    with pytest.raises(BadInput, match=r"its data\.test is 80 examples, sha256 ab, here it is 80 examples, sha256 cd"):
        CompressionFolder(folder.path, identity={**IDENTITY, "data": {"test": "80 examples, sha256 cd"}})


def test_what_is_finished_is_read_and_a_damaged_file_is_named(folder):
    assert folder.read_candidate("middle") is None
    store(folder)
    assert folder.read_candidate("middle") == MIDDLE
    (folder.path / "candidates" / "middle" / "candidate.json").write_text('{"name": "mid')
    with pytest.raises(
        BadInput, match=r"candidate\.json is missing or damaged.*; remove .*middle to make that network"
    ):
        folder.read_candidate("middle")


@pytest.mark.parametrize("name", ["candidate.json", "digits.tosa", "SHA256SUMS"])
def test_each_flipped_bit_of_a_finished_network_is_seen(folder, name):
    store(folder)
    file = folder.path / "candidates" / MIDDLE.name / name
    whole = file.read_bytes()
    for bit in np.random.default_rng(0).integers(0, 8 * len(whole), 50):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << (bit % 8)
        file.write_bytes(flipped)
        with pytest.raises(BadInput, match=r"damaged.*; remove .* to make that network again"):
            folder.read_candidate(MIDDLE.name)


def test_a_network_whose_files_are_half_written_is_not_finished(folder):
    store(folder)
    (folder.path / "candidates" / MIDDLE.name / "SHA256SUMS").unlink()
    assert folder.read_candidate(MIDDLE.name) is None


def test_the_chosen_networks_files_stand_at_the_top(folder):
    store(folder)
    folder.copy_to_top(MIDDLE)
    assert (folder.path / "digits.tosa").read_bytes() == b"a graph"
    assert not (folder.path / "candidate.json").exists()
    assert not (folder.path / "SHA256SUMS").exists()
