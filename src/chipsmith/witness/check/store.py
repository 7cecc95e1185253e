"""Checks that were done before, by all that went into them: no chip is a part of that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import chipsmith
from chipsmith.cache import content_key
from chipsmith.frontends.cache import load_entry, store_entry
from chipsmith.frontends.quantized_io import ConstantOutput
from chipsmith.frontends.quantized_network import InspectedModel, QuantizedNetwork
from chipsmith.tosa.file import serialize_tosa
from chipsmith.witness.check.inputs import CheckInputs
from chipsmith.witness.check.verdict import SourceCheck, parse_check

_FIELD = "check"


def name_check(network: QuantizedNetwork, inputs: CheckInputs, *, model: str, floor: float) -> str | None:
    """A name for the check of a network; None where its source does not say which network it is."""
    if not isinstance(network.source, InspectedModel):
        return None
    settings = f"{network.source.framework} {model} {floor} {inputs.kind} {inputs.count}"
    parts = (settings.encode(), network.source.fingerprint, *_list_parts(network), *_list_bytes(inputs))
    return content_key((b"check", _hash_code(), *parts))


def load_check(key: str) -> SourceCheck | None:
    """What keep_check kept, or None."""
    entry = load_entry(key)
    try:
        return None if entry is None else parse_check(json.loads(entry[_FIELD]))
    except (KeyError, TypeError, ValueError):
        return None


def keep_check(key: str, check: SourceCheck) -> None:
    """Keep a check under its name."""
    store_entry(key, {_FIELD: json.dumps(check.to_json())})


def _list_parts(network: QuantizedNetwork) -> Iterator[bytes]:
    yield serialize_tosa(network.graph)
    yield repr((network.inputs, network.author_inputs, network.author_outputs, network.other_roundings)).encode()
    for binding in network.outputs:
        constant = isinstance(binding, ConstantOutput)
        yield binding.values.tobytes() if isinstance(binding, ConstantOutput) else repr(binding).encode()
        yield str(constant).encode()


def _list_bytes(inputs: CheckInputs) -> Iterator[bytes]:
    for array in inputs.arrays:
        yield f"{array.dtype} {array.shape}".encode()
        yield array.tobytes()


def _hash_code() -> bytes:
    """Of all of Chipsmith, so that nothing that was mended, or broken, since is hidden."""
    files = sorted(Path(chipsmith.__file__).parent.rglob("*.py"))
    return content_key(file.read_bytes() for file in files).encode()
