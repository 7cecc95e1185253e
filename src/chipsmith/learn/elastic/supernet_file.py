"""A supernet as one safetensors file: its weights, and what it is, as JSON in the file's metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chipsmith.errors import BadInput
from chipsmith.files import write_whole
from chipsmith.learn.tensor_files import hash_tensors, read_safetensors
from chipsmith.learn.training.identity import compare_fields, flatten_fields

if TYPE_CHECKING:
    from chipsmith.learn.tensor_files import Tensors

SCHEMA_VERSION = 1
_KEY = "chipsmith.supernet"
_MEND = "remove it, and the supernet is trained again"


@dataclass(frozen=True, kw_only=True, eq=False)
class SupernetContent:
    """What a file holds: the weights, what the training depends on (`identity`) and how it went (`training`)."""

    tensors: Tensors
    identity: Mapping[str, Any]
    training: Mapping[str, Any]


def write_supernet(path: Path, content: SupernetContent) -> None:
    """Write it whole or not at all. Raises BadInput where the file cannot be written."""
    from safetensors.torch import save

    described = json.dumps({"identity": content.identity, "training": content.training}, sort_keys=True)
    tensors = {name: tensor.detach().contiguous() for name, tensor in content.tensors.items()}
    text = json.dumps(
        {"schema_version": SCHEMA_VERSION, "content": described, "sha256": hash_tensors(tensors, text=described)}
    )
    write_whole(path, save(tensors, metadata={_KEY: text}))


def read_supernet(path: Path, *, identity: Mapping[str, Any]) -> SupernetContent:
    """The file of the supernet with this identity.

    Raises BadInput where it is missing, damaged or foreign, or of another supernet, naming the first thing that
    differs.
    """
    metadata, tensors = read_safetensors(path, what="supernet", mend=_MEND)
    try:
        fields = json.loads(metadata[_KEY])
        version, described, digest = fields["schema_version"], fields["content"], fields["sha256"]
        content = json.loads(described)
        before, training = content["identity"], content["training"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadInput(f"{path} holds no supernet of Chipsmith; {_MEND}") from error
    if version != SCHEMA_VERSION:
        raise BadInput(f"{path} has version {version}, this Chipsmith reads version {SCHEMA_VERSION}; {_MEND}")
    if digest != hash_tensors(tensors, text=described):
        raise BadInput(f"{path} is damaged: its checksum is not that of its contents; put back a copy, or {_MEND}")
    now = json.loads(json.dumps(identity))
    different = next(compare_fields(dict(flatten_fields(before)), dict(flatten_fields(now))), None)
    if different is not None:
        raise BadInput(f"{path} is another supernet: {different}; name another folder, or {_MEND}")
    return SupernetContent(tensors=tensors, identity=before, training=training)
