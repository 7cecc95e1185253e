"""The files of a search: replaced and removed where a search wrote them, at whatever moment it is interrupted."""

from __future__ import annotations

import pytest

from chipsmith.errors import BadInput
from chipsmith.flow import search_folder
from chipsmith.flow.search_folder import check_own_files, front_file, replace_files

FIRST = {"result.json": b"{}", "chip.yaml": b"a", front_file(0): b"a", front_file(1): b"b"}
SECOND = {"result.json": b"{1}", "chip.yaml": b"c", front_file(0): b"c"}


def contents(folder):
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: content for name, content in files.items() if name != "files.json"}


def test_the_files_of_an_earlier_search_go(tmp_path):
    for files in (FIRST, SECOND, {"result.json": b""}, FIRST):
        replace_files(tmp_path, files)
        assert contents(tmp_path) == files
    replace_files(tmp_path, {"result.json": b""})
    assert not (tmp_path / "chips").exists()


@pytest.mark.parametrize("writes", range(len(SECOND) + 2))
def test_an_interrupted_replacement_is_done_again(writes, tmp_path, monkeypatch):
    replace_files(tmp_path, FIRST)
    left = iter(range(writes))

    def write_some(path, data):
        if next(left, None) is None:
            raise KeyboardInterrupt
        path.write_bytes(data)

    monkeypatch.setattr(search_folder, "write_whole", write_some)
    with pytest.raises(KeyboardInterrupt):
        replace_files(tmp_path, SECOND)
    monkeypatch.undo()
    check_own_files(tmp_path)
    replace_files(tmp_path, SECOND)
    assert contents(tmp_path) == SECOND


@pytest.mark.parametrize("name", ["chip.yaml", front_file(0), front_file(99), "result.json"])
def test_nothing_is_written_where_one_file_is_of_somebody_else(name, tmp_path):
    replace_files(tmp_path, FIRST)
    (tmp_path / name).write_bytes(b"mine")
    before = contents(tmp_path)
    with pytest.raises(BadInput, match=f"{name} is not as a search wrote it"):
        replace_files(tmp_path, SECOND)
    assert contents(tmp_path) == before


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "chip.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    with pytest.raises(BadInput, match=r"chip\.yaml is not as a search wrote it"):
        replace_files(tmp_path, FIRST)
    assert not (tmp_path / "elsewhere.yaml").exists()


def test_a_winners_network_that_was_changed_is_neither_overwritten_nor_removed(tmp_path):
    replace_files(tmp_path, {**FIRST, "toy.tosa": b"graph"})
    (tmp_path / "toy.tosa").write_bytes(b"mine")
    for files in ({**FIRST, "toy.tosa": b"another"}, FIRST):
        with pytest.raises(BadInput, match=r"toy\.tosa is not as a search wrote it"):
            replace_files(tmp_path, files)
    assert (tmp_path / "toy.tosa").read_bytes() == b"mine"


def test_a_network_of_an_earlier_winner_is_removed(tmp_path):
    replace_files(tmp_path, {**FIRST, "toy.tosa": b"graph"})
    replace_files(tmp_path, FIRST)
    assert not (tmp_path / "toy.tosa").exists()


def test_a_file_of_the_users_own_is_seen_before_any_work(tmp_path):
    (tmp_path / "toy.tosa").write_bytes(b"mine")
    with pytest.raises(BadInput, match=r"toy\.tosa is not as a search wrote it"):
        check_own_files(tmp_path, beside=["toy.tosa"])
