"""A file is replaced whole or not at all."""

from __future__ import annotations

import os

import pytest

from chipsmith.errors import BadInput
from chipsmith.files import write_whole


def test_the_new_contents_replace_the_old(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert [file.name for file in tmp_path.iterdir()] == ["a.bin"]


def test_a_new_file_has_ordinary_permissions(tmp_path):
    written, plain = tmp_path / "written", tmp_path / "plain"
    write_whole(written, b"")
    plain.touch()
    assert written.stat().st_mode == plain.stat().st_mode


def test_a_failure_keeps_the_old_contents_and_leaves_nothing(tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(BadInput, match=r"cannot write .*a\.bin: No space left on device"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.bin"]


def test_a_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(BadInput, match="missing"):
        write_whole(tmp_path / "missing" / "a.bin", b"")
