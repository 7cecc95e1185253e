"""Tables and texts as they come: too large, cut short, of other letters, devices instead of files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chipsmith.errors import BadInput
from chipsmith.learn.data import CharactersData, TableData
from chipsmith.learn.data import files as data_files
from chipsmith.learn.data.files import find_file, read_table, read_text


def write(tmp_path: Path, contents: bytes, name: str = "t.csv") -> Path:
    file = tmp_path / name
    file.write_bytes(contents)
    return file


@pytest.mark.parametrize("contents", [b"a,b\r\n1,2\r\n", b"\xef\xbb\xbfa,b\n1,2\n", b'a,b\n"1",2'])
def test_line_ends_and_byte_order_marks_are_no_part_of_cells(tmp_path, contents):
    assert read_table(write(tmp_path, contents)) == [{"a": "1", "b": "2"}]


@pytest.mark.parametrize("most", [10, 100])
def test_more_than_the_most_is_refused_before_it_is_parsed(tmp_path, monkeypatch, most):
    monkeypatch.setattr(data_files, "MOST_BYTES", most)
    file = write(tmp_path, b"a,b\n" + b"1,2\n" * most)
    for read in (read_table, read_text):
        with pytest.raises(BadInput, match=r"t\.csv has more than 0 MiB"):
            read(file)


def test_a_sparse_file_of_many_gigabytes_is_refused_at_once(tmp_path):
    file = tmp_path / "huge.txt"
    with file.open("wb") as opened:
        opened.truncate(1 << 40)
    with pytest.raises(BadInput, match=r"huge\.txt has more than 256 MiB"):
        CharactersData(path=str(file)).load(seed=0)


def test_another_encoding_is_named_by_its_byte(tmp_path):
    file = write(tmp_path, b"name,kind\n" + "é".encode("latin-1") + b",x\n")
    with pytest.raises(BadInput, match=r"t\.csv is no text in UTF-8 \(byte 10 is 0xe9\)"):
        read_table(file)


def test_a_cell_without_end_is_a_message(tmp_path):
    with pytest.raises(BadInput, match=r"t\.csv is no table of cells between ',' \(field larger than field limit"):
        read_table(write(tmp_path, b"a,b\n" + b"x" * 200_000 + b",1\n"))


def test_a_first_line_of_a_million_names_is_not_printed_whole(tmp_path):
    with pytest.raises(BadInput, match="and 99,950 more") as caught:
        read_table(write(tmp_path, b",".join(b"c%d" % number for number in range(100_000)) + b"\n"), columns=("x",))
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("cell", ["\x00", "\x1b[2Jx", "y" * 100_000])
def test_a_foreign_cell_is_shown_short_and_without_moving_the_cursor(tmp_path, cell):
    file = write(tmp_path, "\n".join(["n,kind", *(f"{number},{'ab'[number % 2]}" for number in range(20))]).encode())
    file.write_text(file.read_text() + f"\n{cell},a\n")
    with pytest.raises(BadInput, match=r"row 22: column n: .* is no number") as caught:
        TableData(path=str(file), target="kind").load(seed=0)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1000


def test_a_device_or_a_pipe_is_no_data_set(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (str(tmp_path / "pipe.csv"), "/dev/zero"):
        with pytest.raises(BadInput, match="is a device or a pipe, not a file; put what it gives into a file"):
            find_file(path)
        with pytest.raises(BadInput, match="is a device or a pipe, not a file; put what it gives into a file"):
            TableData(path=path, target="kind").load(seed=0)


def test_a_folder_where_a_file_is_wanted_is_not_to_be_removed(tmp_path):
    with pytest.raises(BadInput, match="is a folder, not a file; name a file in it") as refused:
        find_file(str(tmp_path))
    assert "remove" not in str(refused.value)
