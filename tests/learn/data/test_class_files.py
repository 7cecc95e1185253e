"""Folders of data that hold more than data: links, devices, pipes, names that cannot be printed, changing files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chipsmith.errors import BadInput
from chipsmith.learn.data.class_files import ClassFiles, Links, find_class_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of three different files each."""
    for name in ("a", "b"):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(3):
            (tmp_path / "data" / name / f"{number}.png").write_text(f"{name}{number}")
    return tmp_path / "data"


def find(folder: Path, links: Links = "within") -> ClassFiles:
    return find_class_files(folder, (".png",), what="images", links=links)


def names(files: ClassFiles) -> list[str]:
    return [files.files.name(item) for item in range(len(files.files))]


def test_files_of_a_class_may_lie_in_folders_of_it(folder):
    (folder / "a" / "more").mkdir()
    (folder / "a" / "more" / "3.png").write_text("a3")
    (folder / "a" / "notes.txt").write_text("no image")
    assert names(find(folder)) == ["a/0.png", "a/1.png", "a/2.png", "a/more/3.png", "b/0.png", "b/1.png", "b/2.png"]


@pytest.mark.parametrize("link", ["a/link.png", "a/folder", "c"])
def test_a_link_out_of_the_folder_is_refused_unless_the_recipe_says_so(folder, tmp_path, link):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for number in range(3):
        (elsewhere / f"{number}.png").write_text(f"c{number}")
    (folder / link).symlink_to(elsewhere / "0.png" if link.endswith(".png") else elsewhere)
    with pytest.raises(BadInput, match=rf"{link} is a link to .*elsewhere.*, out of the data folder.*links=anywhere"):
        find(folder)
    assert len(find(folder, "anywhere").files) == (7 if link.endswith(".png") else 9)


def test_a_link_within_the_folder_is_a_copy(folder):
    (folder / "a" / "again.png").symlink_to(folder / "a" / "1.png")
    files = find(folder)
    assert (len(files.files), files.omitted.copies) == (6, 1)


def test_a_folder_may_itself_be_a_link(folder, tmp_path):
    (tmp_path / "other").symlink_to(folder)
    assert len(find(tmp_path / "other").files) == 6


def test_a_link_to_nothing_is_named(folder):
    (folder / "a" / "gone.png").symlink_to(folder / "a" / "nowhere.png")
    with pytest.raises(BadInput, match=r"gone\.png is a link to nothing"):
        find(folder)


def test_a_link_to_a_folder_above_it_ends(folder):
    (folder / "a" / "loop").symlink_to(folder / "a")
    with pytest.raises(BadInput, match="loop is a link to a folder that it is in"):
        find(folder)


def test_a_pipe_is_refused_and_not_waited_for(folder):
    os.mkfifo(folder / "a" / "pipe.png")
    with pytest.raises(BadInput, match=r"pipe\.png is a device or a pipe"):
        find(folder)


def test_a_link_to_a_device_is_refused(folder):
    (folder / "a" / "zero.png").symlink_to("/dev/zero")
    with pytest.raises(BadInput, match=r"zero\.png is a device"):
        find(folder, "anywhere")


@pytest.mark.parametrize("name", [b"two\nlines", b"\xff\xfe", b"\x1b[2J"])
def test_a_class_that_cannot_be_printed_is_refused_in_letters_that_can(folder, name):
    (Path(os.fsdecode(os.fsencode(folder) + b"/" + name))).mkdir()
    with pytest.raises(BadInput, match="cannot be printed; rename it") as caught:
        find(folder)
    assert str(caught.value).isprintable()


def test_a_file_may_have_any_name_and_is_named_in_letters_that_can_be_printed(folder):
    Path(os.fsdecode(os.fsencode(folder) + b"/a/\xff\n.png")).write_text("strange")
    assert r"a/\udcff\n.png" in names(find(folder))


def test_a_file_that_changes_after_it_was_listed_is_named(folder):
    files = find(folder).files
    assert files.path(1).name == "1.png"
    (folder / "a" / "1.png").write_text("something longer")
    with pytest.raises(BadInput, match=r"1\.png was changed while its data set was in use"):
        files.path(1)
    (folder / "a" / "1.png").unlink()
    with pytest.raises(BadInput, match=r"cannot read .*1\.png: No such file"):
        files.path(1)


def test_files_of_the_same_contents_in_two_classes_are_in_none(folder):
    (folder / "a" / "3.png").write_text("same")
    (folder / "b" / "3.png").write_text("same")
    (folder / "b" / "4.png").write_text("b0")
    files = find(folder)
    assert len(files.files) == 6
    assert (files.omitted.copies, files.omitted.conflicts) == (1, 2)
    assert files.omitted.examples == ("a/3.png = b/3.png",)
