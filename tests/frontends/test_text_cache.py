"""The store of texts gives back what was kept under the same contents, and nothing else."""

from __future__ import annotations

import pytest

from chipsmith.cache import content_key, keep_bytes
from chipsmith.frontends.cache import load_entry, store_entry

KEY = content_key([b"program", b"weights"])


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CHIPSMITH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "frontends"


def test_entry_comes_back():
    store_entry(KEY, {"tosa": "AAAA", "borders": "{}"})
    assert load_entry(KEY) == {"tosa": "AAAA", "borders": "{}"}


def test_nothing_is_known_at_first():
    assert load_entry(KEY) is None


@pytest.mark.parametrize("damage", [b"", b"{", b"null", b"\xff\xfe", b"[" * 100_000])
def test_damaged_entry_is_ignored_and_rewritten(damage, folder):
    store_entry(KEY, {"tosa": "AAAA"})
    (file,) = folder.iterdir()
    file.write_bytes(damage)
    assert load_entry(KEY) is None
    store_entry(KEY, {"tosa": "BBBB"})
    assert load_entry(KEY) == {"tosa": "BBBB"}


@pytest.mark.parametrize("contents", [b"", b"{", b"null", b"[1]", b'{"tosa": 1}', b"\xff\xfe", b"[" * 100_000])
def test_an_entry_of_another_form_is_ignored(contents):
    keep_bytes("frontends", f"{KEY}.json", contents)
    assert load_entry(KEY) is None


def test_changed_entry_is_ignored(folder):
    store_entry(KEY, {"tosa": "AAAA"})
    (file,) = folder.iterdir()
    file.write_bytes(file.read_bytes().replace(b"AAAA", b"AAAB"))
    assert load_entry(KEY) is None


def test_entry_under_the_wrong_name_is_ignored(folder):
    store_entry(KEY, {"tosa": "AAAA"})
    (file,) = folder.iterdir()
    other = content_key([b"other"])
    file.rename(folder / f"{other}.json")
    assert load_entry(other) is None


def test_folder_that_cannot_be_written_keeps_nothing(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CHIPSMITH_CACHE", str(tmp_path / "file" / "cache"))
    store_entry(KEY, {"tosa": "AAAA"})
    assert load_entry(KEY) is None
