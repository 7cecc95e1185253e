"""Entries of the cache: what was kept is believed only where it is whole, and refused or made again where it is not."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chipsmith.cache import cache_folder, find_entry, keep_bytes, read_entry
from chipsmith.checksums import seal, unseal
from chipsmith.errors import ChipsmithError
from chipsmith.flow.generation_networks import _read_trained
from chipsmith.frontends.cache import load_entry
from chipsmith.frontends.quantized_network import Arithmetic
from chipsmith.learn import predict, save_trained
from chipsmith.learn.data.feature_cache import _map
from chipsmith.witness.check.outputs import OutputCheck
from chipsmith.witness.check.store import load_check
from chipsmith.witness.check.verdict import SourceCheck
from mutations.kinds.arrays import mutate_npy
from mutations.kinds.weights import mutate_safetensors, small_training
from mutations.mutators import Mutate, mutate_bytes, mutate_json_text
from mutations.target import Target

_RESEALED = 0.8


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """A kind of entries: where it lies, its contents, their changes, who reads it, and what is done with it."""

    folder: str
    name: str
    contents: bytes
    mutate: Mutate
    read: Callable[[], Any]
    use: Callable[[Any], object]


def caches(folder: Path) -> Target:
    """Entries of every kind: texts of front ends, checks, features, trained networks, compiled code.

    The first byte of a file says its kind, and the rest is the entry. Compiled code is never sealed again: a seal
    shows damage, and whoever can write right seals can write code.
    """
    kinds = _kinds(folder)

    def mutate(rng: random.Random, data: bytes) -> bytes:
        kind, entry = kinds[data[0]], data[1:]
        if kind.folder == "rtl" or rng.random() > _RESEALED:
            return data[:1] + mutate_bytes(rng, entry)
        return data[:1] + seal(kind.mutate(rng, unseal(entry, name=kind.name)), name=kind.name)

    def parse(file: Path) -> Any:
        data = file.read_bytes()
        kind = kinds[data[0]] if data and data[0] < len(kinds) else kinds[0]
        (cache_folder() / kind.folder / kind.name).write_bytes(data[1:])
        value = kind.read()
        if value is None:
            raise Absent("made again")
        return kind, value

    for kind in kinds:
        keep_bytes(kind.folder, kind.name, kind.contents)
    samples = [bytes([place]) + _entry(kind) for place, kind in enumerate(kinds)]
    return Target(file="entry", samples=samples, mutate=mutate, parse=parse, use=lambda entry: entry[0].use(entry[1]))


class Absent(ChipsmithError):
    """An entry that is taken as absent, as it should be where it is damaged."""


def _entry(kind: _Kind) -> bytes:
    return (cache_folder() / kind.folder / kind.name).read_bytes()


def _kinds(folder: Path) -> tuple[_Kind, ...]:
    data, trained = small_training()
    save_trained(trained, folder / "kept.safetensors")
    features = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    buffer = io.BytesIO()
    np.save(buffer, features)
    inputs = data.test.first(2).whole().inputs
    check = json.dumps(_check().to_json())
    return (
        _Kind(
            folder="frontends",
            name="texts.json",
            contents=json.dumps({"tosa": "text", "other": "x"}).encode(),
            mutate=mutate_json_text,
            read=lambda: load_entry("texts"),
            use=lambda fields: [text.encode("utf-8", "replace") for text in fields.values()],
        ),
        _Kind(
            folder="frontends",
            name="checked.json",
            contents=json.dumps({"check": check}).encode(),
            mutate=_mutate_check,
            read=lambda: load_check("checked"),
            use=lambda kept: (kept.to_json(), repr(kept)),
        ),
        _Kind(
            folder="features",
            name="kept.npy",
            contents=buffer.getvalue(),
            mutate=mutate_npy,
            read=lambda: _map(find_entry("features", "kept.npy"), len(features)),
            use=lambda kept: float(np.nansum(kept)),
        ),
        _Kind(
            folder="generations",
            name="kept",
            contents=(folder / "kept.safetensors").read_bytes(),
            mutate=mutate_safetensors,
            read=lambda: _read_trained("kept", trained.training.recipe),
            use=lambda kept: predict(kept.module, inputs),
        ),
        _Kind(
            folder="rtl",
            name="kept.so",
            contents=b"\x7fELF" + bytes(2000),
            mutate=mutate_bytes,
            read=lambda: read_entry("rtl", "kept.so"),
            use=len,
        ),
    )


def _mutate_check(rng: random.Random, data: bytes) -> bytes:
    inner = json.loads(data)["check"].encode()
    return json.dumps({"check": mutate_json_text(rng, inner).decode("utf-8", "replace")}).encode()


def _check() -> SourceCheck:
    output = OutputCheck(name="y", elements=4, sqnr_db=30.0, largest_step=1.0, differing=1)
    return SourceCheck(
        source="onnxruntime on n.onnx",
        arithmetic=Arithmetic.FLOAT,
        inputs=4,
        inputs_kind="calibration",
        floor=20.0,
        other_roundings={},
        outputs=(output,),
    )
