"""Files of tensors: read without running anything, and every other file is one message."""

from __future__ import annotations

import pickle
import random
import zipfile

import pytest

from chipsmith.errors import BadInput
from chipsmith.learn.tensor_files import read_safetensors, read_torch
from chipsmith.learn.weights import load_weights

torch = pytest.importorskip("torch")

MEND = "give another"


def read(path):
    return read_torch(path, what="file of weights", mend=MEND)


def test_what_torch_saved_comes_back(tmp_path):
    torch.save({"w": torch.arange(6.0), "epoch": 3}, tmp_path / "w.pt")
    content = read(tmp_path / "w.pt")
    assert content["epoch"] == 3
    assert torch.equal(content["w"], torch.arange(6.0))


class Command:
    """What a pickle can name: unpickling it calls the function."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return self.target.touch, ()


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_that_calls_a_function_calls_none(tmp_path, zipped):
    sprung, file = tmp_path / "sprung", tmp_path / "w.pt"
    torch.save({"w": Command(sprung)}, file, _use_new_zipfile_serialization=zipped)
    with pytest.raises(BadInput, match=r"w\.pt is no file of weights that can be read without running it"):
        read(file)
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Command(sprung)))
    with pytest.raises(BadInput, match=MEND):
        read(tmp_path / "plain.pt")
    assert not sprung.exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_every_damaged_file_is_read_or_is_one_message(tmp_path, zipped):
    """Both forms of torch.save: of some damage its own reader makes AttributeError, TypeError, AssertionError..."""
    file, rng = tmp_path / "w.pt", random.Random(0)
    torch.save({"w": torch.arange(6.0), "b": torch.zeros(2, 3)}, file, _use_new_zipfile_serialization=zipped)
    data, refused = file.read_bytes(), 0
    for _ in range(300):
        damaged = bytearray(data[: rng.choice((len(data), rng.randrange(len(data))))])
        for _ in range(rng.randint(1, 3)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        file.write_bytes(damaged)
        try:
            read(file)
        except BadInput:
            refused += 1
    assert refused > 100


def test_a_tensor_of_strides_of_nothing_is_refused(tmp_path):
    """16 bytes that say they are four billion numbers: whoever looked at each would need their memory."""
    torch.save({"w": torch.zeros(4).as_strided((1 << 16, 1 << 16), (0, 0))}, tmp_path / "w.pt")
    with pytest.raises(BadInput, match="is damaged"):
        read(tmp_path / "w.pt")


def test_a_packed_archive_is_refused(tmp_path):
    torch.save({"w": torch.zeros(1 << 20)}, tmp_path / "w.pt")
    with (
        zipfile.ZipFile(tmp_path / "w.pt") as stored,
        zipfile.ZipFile(tmp_path / "packed.pt", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in stored.namelist():
            packed.writestr(name, stored.read(name))
    with pytest.raises(BadInput, match=r"packed\.pt .* is damaged"):
        read(tmp_path / "packed.pt")


@pytest.mark.parametrize(
    "content",
    [
        {1: torch.zeros(2)},
        {"0.weight": torch.zeros(3, 2).to_sparse()},
        {"0.weight": torch.zeros(3, 2, device="meta")},
        {"0.weight": torch.zeros(3, 2, dtype=torch.complex64), "0.bias": torch.zeros(3)},
        {"0.weight": torch.full((3, 2), 1e300, dtype=torch.float64), "0.bias": torch.zeros(3)},
        {"state_dict": []},
    ],
)
def test_tensors_that_are_no_weights_are_one_message(tmp_path, content):
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(BadInput, match=r"w\.pt "):
        load_weights(torch.nn.Sequential(torch.nn.Linear(2, 3)), str(tmp_path / "w.pt"))


@pytest.mark.parametrize("header", [b"[]", b"{", b'{"w": 1}', b'{"__metadata__": {"a": 1}}', b"\xff\xff"])
def test_a_damaged_header_of_safetensors_is_one_message(tmp_path, header):
    (tmp_path / "w.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(BadInput, match=r"w\.safetensors is no trained network.*; give another"):
        read_safetensors(tmp_path / "w.safetensors", what="trained network", mend=MEND)
