"""The cache gives back what was kept under the same contents, and nothing else."""

from __future__ import annotations

import pytest

from chipsmith.cache import cache_folder, content_key
from chipsmith.frontends.cache import load_entry, store_entry

KEY = content_key([b"program", b"weights"])


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CHIPSMITH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_entry_comes_back():
    store_entry(KEY, {"tosa": "AAAA", "borders": "{}"})
    assert load_entry(KEY) == {"tosa": "AAAA", "borders": "{}"}


def test_nothing_is_known_at_first():
    assert load_entry(KEY) is None


def test_key_knows_where_parts_end():
    assert content_key([b"ab", b"c"]) != content_key([b"a", b"bc"])
    assert content_key([b"ab"]) == content_key([b"ab"])


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"null",
        b"[1]",
        b'{"sha256": "0", "fields": {}}',
        b'{"fields": {"tosa": 1}}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_damaged_entry_is_ignored_and_rewritten(damage, folder):
    store_entry(KEY, {"tosa": "AAAA"})
    (file,) = folder.iterdir()
    file.write_bytes(damage)
    assert load_entry(KEY) is None
    store_entry(KEY, {"tosa": "BBBB"})
    assert load_entry(KEY) == {"tosa": "BBBB"}


def test_changed_entry_is_ignored(folder):
    store_entry(KEY, {"tosa": "AAAA"})
    (file,) = folder.iterdir()
    file.write_text(file.read_text().replace("AAAA", "AAAB"))
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


def test_without_the_variable_the_users_cache_is_meant(monkeypatch, tmp_path):
    monkeypatch.delenv("CHIPSMITH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert cache_folder() == tmp_path / "chipsmith"
