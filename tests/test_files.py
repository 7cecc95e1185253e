"""A file is replaced whole or not at all."""

from __future__ import annotations

import os
import resource
import zipfile
from pathlib import Path

import numpy as np
import pytest

from chipsmith.chip.reading import load_chip
from chipsmith.deployment.signatures.keys import read_public_key
from chipsmith.errors import BadInput
from chipsmith.files import map_array, open_ordinary, read_arrays, read_ordinary, write_arrays, write_whole
from chipsmith.learn import load_recipe
from chipsmith.learn.data.files import read_text
from chipsmith.program.file import read_program
from chipsmith.reports.result import read_fields
from chipsmith.tosa.file import read_tosa


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


def test_a_link_is_followed(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_folder_and_a_device_keep_their_names(tmp_path):
    with pytest.raises(BadInput, match="it is a folder"):
        write_whole(tmp_path, b"")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match="it is a device"):
        write_whole(tmp_path / "pipe", b"")


def test_a_name_with_a_null_is_refused():
    with pytest.raises(BadInput, match="null"):
        write_whole("a\0b", b"")


def test_arrays_come_back(tmp_path):
    array = np.arange(6, dtype=np.int8).reshape(2, 3)
    np.save(tmp_path / "one.npy", array)
    np.savez_compressed(tmp_path / "named.npz", left=array, right=array + 1)
    assert np.array_equal(read_arrays(tmp_path / "one.npy"), array)
    named = read_arrays(tmp_path / "named.npz")
    assert sorted(named) == ["left", "right"]
    assert np.array_equal(named["right"], array + 1)


@pytest.mark.parametrize("name", ["one.npy", "named.npz"])
def test_objects_are_never_unpickled(name, tmp_path):
    objects = np.array([{}, None], object)
    if name == "one.npy":
        np.save(tmp_path / name, objects)
    else:
        np.savez(tmp_path / name, left=objects)
    with pytest.raises(BadInput, match="is not a whole"):
        read_arrays(tmp_path / name)


def test_damaged_arrays_are_refused_in_one_way(tmp_path):
    """Whatever byte is wrong, a file is read as numbers or refused as BadInput."""
    np.save(tmp_path / "a.npy", np.zeros((4, 5), np.int16))
    np.savez_compressed(tmp_path / "a.npz", x=np.arange(40), y=np.zeros(3))
    rng = np.random.default_rng(0)
    refused = 0
    for name in ("a.npy", "a.npz"):
        data = (tmp_path / name).read_bytes()
        for _ in range(150):
            damaged = bytearray(data[: rng.integers(1, len(data) + 1)])
            damaged[rng.integers(len(damaged))] = rng.integers(256)
            (tmp_path / "damaged").write_bytes(damaged)
            try:
                read_arrays(tmp_path / "damaged")
            except BadInput:
                refused += 1
    assert refused > 200


def test_an_array_that_claims_more_than_it_holds_is_refused(tmp_path):
    path = tmp_path / "huge.npy"
    header = np.lib.format.header_data_from_array_1_0(np.zeros((1, 1))) | {"shape": (1 << 20, 1 << 20)}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(BadInput, match=r"huge\.npy is (not a whole|too large)"):
        read_arrays(path)


NAMES = ("file", "args", "kwds", "allow_pickle", "arr_0", "a/b:0", "../up", "größe", "with space", "", "x.npy")


def test_arrays_have_any_names(tmp_path):
    """Some are those of the arguments of numpy.savez."""
    arrays = {name: np.full(index + 1, index, np.int8) for index, name in enumerate(NAMES)}
    write_arrays(tmp_path / "a.npz", arrays)
    loaded = read_arrays(tmp_path / "a.npz")
    assert list(loaded) == list(NAMES)
    for name, array in arrays.items():
        np.testing.assert_array_equal(loaded[name], array)


def test_arrays_keep_type_shape_and_order(tmp_path):
    arrays = {
        "scalar": np.float16(0.5),
        "none": np.zeros((0, 3), np.uint8),
        "columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "truth": np.array([True, False]),
    }
    write_arrays(tmp_path / "a.npz", arrays)
    for name, array in read_arrays(tmp_path / "a.npz").items():
        assert (array.dtype, array.shape) == (arrays[name].dtype, arrays[name].shape)
        np.testing.assert_array_equal(array, arrays[name])


def test_equal_arrays_give_equal_files(tmp_path):
    for name in ("a.npz", "b.npz"):
        write_arrays(tmp_path / name, {"x": np.arange(3)})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_a_member_that_is_no_array_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", b"no array")
    with pytest.raises(BadInput, match=r"a\.npz is not a whole"):
        read_arrays(tmp_path / "a.npz")


def test_an_array_that_is_mapped_is_the_array(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(6).reshape(2, 3))
    mapped = map_array(tmp_path / "a.npy")
    assert np.array_equal(mapped, np.arange(6).reshape(2, 3))
    assert not mapped.flags.writeable


@pytest.mark.parametrize("old", [b"descr", b"(2, 3)", b"{", b"False", b"'<i8'"])
@pytest.mark.parametrize("new", [b"\xa8", b"((((((", b"''''", b"__import__('os')", b"'|O'"])
@pytest.mark.parametrize("read", [read_arrays, map_array])
def test_a_header_of_nonsense_is_one_message(tmp_path, old, new, read):
    np.save(tmp_path / "a.npy", np.arange(6).reshape(2, 3))
    data = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(data.replace(old, new.ljust(len(old))))
    with pytest.raises(BadInput, match=r"a\.npy is not a whole"):
        read(tmp_path / "a.npy")


def write_folded(path, *, shape, mebibytes):
    """An archive with an array that says this shape, and has so many MiB of zeros."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x.npy", "w", force_zip64=True) as x:
        np.lib.format.write_array_header_1_0(x, {"descr": "|u1", "fortran_order": False, "shape": shape})
        for _ in range(mebibytes):
            x.write(bytes(1 << 20))


@pytest.mark.parametrize(
    ("shape", "mebibytes", "said"),
    [((1126 << 20,), 1126, r"unfolds [\d,]+ bytes to 1,180,\d+,\d+, "), ((10**12,), 2, "is (not a whole|too large)")],
)
def test_a_small_archive_of_gigabytes_is_refused_before_it_is_unfolded(tmp_path, shape, mebibytes, said):
    """A member that really unfolds to 1.1 GiB, and one that only says that it has 10^12 bytes."""
    write_folded(tmp_path / "bomb.npz", shape=shape, mebibytes=mebibytes)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadInput, match=rf"bomb\.npz {said}"):
        read_arrays(tmp_path / "bomb.npz")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@pytest.mark.parametrize("place", ["pipe", "/dev/zero"])
@pytest.mark.parametrize(
    "read",
    [
        pytest.param(read_ordinary, id="bytes"),
        pytest.param(read_arrays, id="arrays"),
        pytest.param(read_program, id="program"),
        pytest.param(read_tosa, id="tosa"),
        pytest.param(load_chip, id="chip"),
        pytest.param(load_recipe, id="recipe"),
        pytest.param(read_text, id="text"),
        pytest.param(read_public_key, id="key"),
        pytest.param(read_fields, id="result"),
    ],
)
def test_a_pipe_is_not_waited_for_and_a_device_not_read_into_memory(tmp_path, read, place):
    path = tmp_path / place  # an absolute place stays as it is
    if place == "pipe":
        os.mkfifo(path)
    with pytest.raises(BadInput, match="no ordinary file, but a pipe or a device; put what it gives into a file"):
        read(path)


def test_a_folder_is_no_file_and_a_link_to_one_is(tmp_path):
    with pytest.raises(IsADirectoryError):
        read_ordinary(tmp_path)
    (tmp_path / "a").write_bytes(b"contents")
    (tmp_path / "link").symlink_to("a")
    assert read_ordinary(tmp_path / "link") == b"contents"
    with pytest.raises(OSError, match="link"):
        open_ordinary(tmp_path / "link", follow=False)


def test_a_name_that_no_file_can_have_is_that_of_no_file():
    with pytest.raises(FileNotFoundError):
        read_ordinary(Path("a\0b.tosa"))
    with pytest.raises(BadInput, match="No such file"):
        load_chip("a\0b.yaml")
