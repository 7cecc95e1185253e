"""The cache: entries whole or not at all, damage seen, two processes, folders that others may write to."""

from __future__ import annotations

import ctypes
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from chipsmith.cache import build_entry, cache_folder, content_key, find_entry, keep_bytes, read_entry
from chipsmith.checksums import SEAL_BYTES
from chipsmith.errors import BadInput


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("CHIPSMITH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def keep(contents: bytes, *, name: str = "entry") -> None:
    keep_bytes("things", name, contents)


def never(_folder: Path) -> Path:
    raise AssertionError("built although it is there")


def test_without_the_variable_the_users_cache_is_meant(monkeypatch, tmp_path):
    monkeypatch.delenv("CHIPSMITH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert cache_folder() == tmp_path / "chipsmith"


def test_key_knows_where_parts_end():
    assert content_key([b"ab", b"c"]) != content_key([b"a", b"bc"])
    assert content_key([b"ab"]) == content_key([b"ab"])


@pytest.mark.parametrize("contents", [b"", b"contents", bytes(3_000_000)])
def test_an_entry_comes_back(contents):
    keep(contents)
    assert read_entry("things", "entry") == contents
    path = find_entry("things", "entry")
    assert path is not None
    assert path.read_bytes()[:-SEAL_BYTES] == contents


def test_the_folder_is_for_this_user_alone(folder):
    keep(b"contents")
    assert [place.stat().st_mode & 0o777 for place in (folder, folder / "things")] == [0o700, 0o700]
    assert (folder / "things" / "entry").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in (folder / "things").iterdir()] == ["entry"]


def test_each_flipped_bit_is_seen_and_told_in_a_line(folder, caplog):
    keep(np.random.default_rng(0).bytes(4_000))
    file = folder / "things" / "entry"
    whole = file.read_bytes()
    for bit in np.random.default_rng(1).integers(0, 8 * len(whole), 300):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << (bit % 8)
        file.write_bytes(flipped)
        assert read_entry("things", "entry") is None
        assert find_entry("things", "entry") is None
    assert {record.getMessage() for record in caplog.records} == {f"{file} is damaged and is made again"}


def test_an_entry_under_another_name_is_damaged(folder):
    keep(b"contents")
    (folder / "things" / "entry").rename(folder / "things" / "other")
    assert read_entry("things", "other") is None


def test_a_damaged_build_is_built_again():
    def build(contents: bytes) -> Path:
        def write(place: Path) -> Path:
            (place / "result").write_bytes(contents)
            return place / "result"

        return build_entry("things", "entry", write, what="it")

    file = build(b"first")
    assert build_entry("things", "entry", never, what="it") == file
    file.write_bytes(file.read_bytes().replace(b"first", b"fjrst"))
    assert build(b"first").read_bytes().startswith(b"first")


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_a_sealed_library_loads(tmp_path):
    """The seal stands behind what the loader reads."""

    def build(place: Path) -> Path:
        (place / "seven.c").write_text("int seven(void) { return 7; }\n")
        subprocess.run(["gcc", "-shared", "-fPIC", "seven.c", "-o", "seven.so"], cwd=place, check=True)
        return place / "seven.so"

    assert ctypes.CDLL(str(build_entry("things", "seven.so", build, what="seven"))).seven() == 7


def test_a_build_that_fails_leaves_nothing(folder):
    def fail(place: Path) -> Path:
        (place / "half").write_bytes(b"half")
        raise BadInput("the compiler refused it")

    with pytest.raises(BadInput, match="the compiler refused it"):
        build_entry("things", "entry", fail, what="it")
    assert list((folder / "things").iterdir()) == []


def test_what_killed_builds_left_goes_after_a_day(folder):
    keep(b"contents")
    stale, fresh = folder / "things" / ".building-old", folder / "things" / ".building-new"
    for place in (stale, fresh):
        place.mkdir()
        (place / "half").write_bytes(b"half")
    os.utime(stale, (0, 0))
    keep(b"more", name="other")
    assert not stale.exists()
    assert fresh.exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CHIPSMITH_CACHE", str(tmp_path / "file" / "cache"))
    keep(b"contents")
    assert read_entry("things", "entry") is None
    with pytest.raises(BadInput, match=r"cannot build it in .*: Not a directory; name another folder in \$CHIPSMITH"):
        build_entry("things", "entry", never, what="it")


# --- others who may write --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [".", "things"])
@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o702])
def test_a_folder_that_all_may_write_to_is_refused(folder, place, mode):
    keep(b"contents")
    (folder / place).chmod(mode)
    for use in (
        lambda: keep(b"contents"),
        lambda: read_entry("things", "entry"),
        lambda: find_entry("things", "entry"),
        lambda: build_entry("things", "entry", never, what="it"),
    ):
        with pytest.raises(BadInput, match=r"is not used, for all users may write to it, .*: chmod go-w .*, or name a"):
            use()


def test_a_group_of_several_may_not_write_and_ones_own_group_may(folder, monkeypatch):
    keep(b"contents")
    folder.chmod(0o770)
    monkeypatch.setattr("chipsmith.private_folders._is_own_group", lambda _number: True)
    assert read_entry("things", "entry") == b"contents"
    monkeypatch.setattr("chipsmith.private_folders._is_own_group", lambda _number: False)
    with pytest.raises(BadInput, match=r"the users of group \d+ may write to it"):
        read_entry("things", "entry")


def test_a_folder_of_another_user_is_refused(folder, monkeypatch):
    keep(b"contents")
    owner = folder.stat().st_uid
    monkeypatch.setattr("os.geteuid", lambda: owner + 1)
    if owner == 0:  # root's folders are everybody's to trust
        assert read_entry("things", "entry") == b"contents"
        os.chown(folder, 12345, -1)
    with pytest.raises(BadInput, match=r"is not used, for it belongs to user \d+"):
        read_entry("things", "entry")


def test_a_folder_that_all_may_rename_is_refused(folder):
    keep(b"contents")
    folder.parent.chmod(0o777)
    with pytest.raises(BadInput, match=r"all users may rename what is in"):
        read_entry("things", "entry")
    folder.parent.chmod(0o1777)
    assert read_entry("things", "entry") == b"contents"


def test_a_file_that_all_may_write_to_is_made_again(folder, caplog):
    keep(b"contents")
    (folder / "things" / "entry").chmod(0o666)
    with caplog.at_level(logging.WARNING):
        assert find_entry("things", "entry") is None
    assert "may be written by others" in caplog.text


# --- several processes -----------------------------------------------------------------------------------------------

BUILDER = """
import sys, time
from pathlib import Path
from chipsmith.cache import build_entry

def build(folder):
    with Path(sys.argv[1]).open("a") as log:
        log.write("built\\n")
    time.sleep(0.5)
    (folder / "result").write_bytes(b"whole" * 1000)
    return folder / "result"

print(build_entry("things", "entry", build, what="it"))
"""


def start_builder(log: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", BUILDER, str(log)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def test_two_processes_build_an_entry_once(tmp_path):
    others = [start_builder(tmp_path / "log") for _ in range(3)]
    assert [other.wait() for other in others] == [0, 0, 0]
    assert (tmp_path / "log").read_text() == "built\n"
    assert read_entry("things", "entry") == b"whole" * 1000


def test_a_build_that_is_killed_is_done_again(tmp_path):
    log = tmp_path / "log"
    killed = start_builder(log)
    while not log.exists():
        assert killed.poll() is None
    killed.kill()
    killed.wait()
    assert read_entry("things", "entry") is None
    assert start_builder(log).wait() == 0
    assert read_entry("things", "entry") == b"whole" * 1000
