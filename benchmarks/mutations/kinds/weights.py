"""Weights: what torch.save wrote, trained networks in safetensors, checkpoints of a training."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

from chipsmith.checksums import seal, unseal
from chipsmith.learn import Recipe, TrainedNetwork, load_recipe, load_trained, predict, save_trained, train
from chipsmith.learn.data import Dataset
from chipsmith.learn.weights import load_weights
from mutations.mutators import mutate_bytes, mutate_json, mutate_members, mutate_numbers
from mutations.target import Target

SETTINGS = ("training.epochs=2", "training.augmentation=null", "training.early_stopping=null", "data.kind=sklearn")
_SMALL = (*SETTINGS, "data.name=iris", "chip=nano-64", "network.kind=mlp", "network.hidden=[6]")
_SEALED = "checkpoint"
"""The name that is sealed with a checkpoint."""
_UNSEALED = 0.9
_NUMBERS = (0, 1, 2, 5, 255, 65535)


def small_recipe() -> Recipe:
    """A recipe that trains in a moment."""
    return load_recipe("digits", _SMALL)


def small_training() -> tuple[Dataset, TrainedNetwork]:
    """Its data and its network."""
    recipe = small_recipe()
    data = recipe.load_data()
    return data, train(recipe, data)


def pt(folder: Path) -> Target:
    """A state dict, loaded into the network that it is of, which then predicts."""
    import torch

    data, trained = small_training()
    torch.save(trained.module.state_dict(), folder / "sample.pt")

    def parse(file: Path) -> Any:
        load_weights(trained.module, str(file))
        return trained.module

    return Target(
        file="w.pt",
        samples=[(folder / "sample.pt").read_bytes()],
        mutate=mutate_torch,
        parse=parse,
        use=lambda module: predict(module, data.test.first(4).whole().inputs),
    )


def safetensors(folder: Path) -> Target:
    """A trained network: loaded, and asked."""
    data, trained = small_training()
    save_trained(trained, folder / "sample.safetensors")
    return Target(
        file="w.safetensors",
        samples=[(folder / "sample.safetensors").read_bytes()],
        mutate=mutate_safetensors,
        parse=load_trained,
        use=lambda network: (network.training.verdict, predict(network.module, data.test.first(4).whole().inputs)),
    )


def checkpoint(folder: Path) -> Target:
    """The state of a training after its first epoch, from which it goes on."""
    from chipsmith.learn.training.history import Epoch

    recipe = small_recipe()
    data = recipe.load_data()
    sample = folder / "sample.checkpoint"

    def stop(epoch: Epoch) -> None:
        if epoch.number == 1:
            raise KeyboardInterrupt

    try:
        train(recipe, data, checkpoint=sample, on_epoch=stop)
    except KeyboardInterrupt:
        content = sample.read_bytes()

    return Target(
        file="c.pt",
        samples=[content],
        mutate=mutate_checkpoint,
        parse=lambda file: train(recipe, data, checkpoint=file),
        use=lambda network: network.training.verdict,
    )


def mutate_torch(rng: random.Random, data: bytes) -> bytes:
    """A member of the archive changed and packed again: numbers and names of the pickle, or bytes."""
    return mutate_members(_mutate_member)(rng, data)


def _mutate_member(rng: random.Random, name: str, data: bytes) -> bytes:
    if not name.endswith("data.pkl") or rng.random() < 0.2:
        return mutate_bytes(rng, data) if rng.random() < 0.5 else rng.randbytes(len(data))
    if rng.random() < 0.5:
        return _change_pickled_number(rng, data)
    return _change_pickled_name(rng, data)


def _change_pickled_number(rng: random.Random, data: bytes) -> bytes:
    """Another number in a place of BININT1, BININT2 or BININT: sizes, strides, offsets, counters."""
    places = [match.start() for match in re.finditer(rb"[KMJ]", data)]
    changed = bytearray(data)
    place = rng.choice(places)
    width = {"K": 1, "M": 2, "J": 4}[chr(data[place])]
    changed[place + 1 : place + 1 + width] = (rng.choice(_NUMBERS) % (1 << 8 * width)).to_bytes(width, "little")
    return bytes(changed)


def _change_pickled_name(rng: random.Random, data: bytes) -> bytes:
    old, new = rng.choice(
        [
            (b"torch._utils\n_rebuild_tensor_v2\n", b"os\nsystem\n"),
            (b"torch._utils\n_rebuild_tensor_v2\n", b"torch._utils\n_rebuild_parameter\n"),
            (b"torch\nFloatStorage\n", b"torch\nLongStorage\n"),
            (b"torch\nFloatStorage\n", b"torch\nBoolStorage\n"),
            (b"collections\nOrderedDict\n", b"builtins\neval\n"),
            (b"collections\nOrderedDict\n", b"torch\nSize\n"),
            (b"cpu", b"cud"),
            (b"weight", b"wright"),
        ]
    )
    return data.replace(old, new, rng.choice((1, -1)))


def mutate_safetensors(rng: random.Random, data: bytes) -> bytes:
    """The header's JSON, the JSON inside of its metadata, the weights; or bytes."""
    kind = rng.random()
    if kind < 0.15:
        return mutate_bytes(rng, data)
    size = int.from_bytes(data[:8], "little")
    header, body = json.loads(data[8 : 8 + size]), data[8 + size :]
    if rng.random() < _UNSEALED:
        _drop_checksum(header["__metadata__"])
    if kind < 0.55:
        text = json.loads(header["__metadata__"]["chipsmith.training"])
        header["__metadata__"]["chipsmith.training"] = json.dumps(mutate_json(rng, text))
    elif kind < 0.7:
        header = mutate_json(rng, header)
    else:
        body = mutate_numbers(rng, body)
    packed = json.dumps(header).encode()
    packed += b" " * (-len(packed) % 8)
    return len(packed).to_bytes(8, "little") + packed + body


def _drop_checksum(metadata: dict[str, str]) -> None:
    """As files of earlier versions are, so that what is changed is read and not only compared."""
    fields = json.loads(metadata["chipsmith.training"])
    del fields["sha256"]
    metadata["chipsmith.training"] = json.dumps(fields)


def mutate_checkpoint(rng: random.Random, data: bytes) -> bytes:
    """The archive under the seal changed as that of a state dict, or only its tensors; or bytes of the sealed file."""
    kind = rng.random()
    if kind < 0.1:
        return mutate_bytes(rng, data)
    contents = unseal(data, name=_SEALED)
    change = mutate_torch if kind < 0.5 else mutate_members(_mutate_numbers)
    return seal(change(rng, contents), name=_SEALED)


def _mutate_numbers(rng: random.Random, name: str, data: bytes) -> bytes:
    """Other numbers in a tensor, or a small one in the pickle."""
    if name.endswith("data.pkl"):
        return _change_pickled_number(rng, data)
    return rng.randbytes(len(data)) if rng.random() < 0.5 else mutate_numbers(rng, data)
