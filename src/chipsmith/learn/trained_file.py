"""A TrainedNetwork as one safetensors file: the weights, and its Training as JSON in the file's metadata."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chipsmith.errors import BadInput
from chipsmith.files import open_ordinary, write_whole
from chipsmith.learn.faults import first_fault
from chipsmith.learn.functions import refuse_functions
from chipsmith.learn.reproducible import reproducible, require_torch
from chipsmith.learn.tensor_files import hash_tensors, read_safetensors
from chipsmith.learn.trained import TrainedNetwork, Training

if TYPE_CHECKING:
    import torch

    from chipsmith.learn.tensor_files import Tensors

SCHEMA_VERSION = 2
"""Version of the JSON; it grows by one whenever a field changes its meaning or goes."""

_KEY = "chipsmith.training"
_CHECKSUM = "sha256"
"""Of the training's JSON and the weights; files of earlier versions have none."""
_HEADER_LENGTH_BYTES = 8
"""A file of safetensors begins with the length of its header, little-endian; then comes the header, which is JSON."""
_MEND = "give a file that `chipsmith train` wrote"


def save_trained(network: TrainedNetwork, path: str | os.PathLike[str]) -> None:
    """Write the network to `path`, whole or not at all. Raises BadInput where it cannot be written."""
    from safetensors.torch import save

    training = network.training.model_dump(mode="json")
    weights = {name: tensor.contiguous() for name, tensor in network.module.state_dict().items()}
    checksum = hash_tensors(weights, text=json.dumps(training))
    text = json.dumps({"schema_version": SCHEMA_VERSION, "training": training, _CHECKSUM: checksum})
    write_whole(path, save(weights, metadata={_KEY: text}))


def load_trained(path: str | os.PathLike[str], *, allow: Collection[str] = ()) -> TrainedNetwork:
    """The network in a file that `save_trained` wrote, in evaluation mode; the file itself runs nothing.

    A network of kind `function` is built by the function that the file names: it is imported and called only where
    `allow` names it too, as `package.module:function`. Raises BadInput where it does not, and where the file is
    missing, truncated, another program's, of another version, or holds the weights of another network.
    """
    file = Path(path)
    require_torch(f"load {file}")
    text, weights = _read(file)
    training = _parse(text, weights, file)
    refuse_functions(training.recipe.network, allow=allow, origin=f"the recipe in {file}")
    return TrainedNetwork(module=_restore(training, weights, file), training=training)


def read_training(path: str | os.PathLike[str]) -> Training:
    """How the network in a file was trained; its weights are not read, and not checked. Raises BadInput."""
    file = Path(path)
    try:
        with open_ordinary(file) as stream:
            size = int.from_bytes(stream.read(_HEADER_LENGTH_BYTES), "little")
            if size > file.stat().st_size:
                raise ValueError("the header is longer than the file")
            text = json.loads(stream.read(size))["__metadata__"][_KEY]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(f"{file} does not say how Chipsmith trained its weights; {_MEND}") from error
    return _parse_training(text, file)


def _read(file: Path) -> tuple[str, Tensors]:
    """The JSON and the weights, all as the file has them."""
    metadata, weights = read_safetensors(file, what="trained network", mend=_MEND)
    text = metadata.get(_KEY)
    if text is None:
        raise BadInput(f"{file} holds weights, but not how Chipsmith trained them; {_MEND}")
    return text, weights


def _parse(text: str, weights: Tensors, file: Path) -> Training:
    fields = _parse_fields(text, file)
    if _CHECKSUM in fields and fields[_CHECKSUM] != hash_tensors(weights, text=json.dumps(fields["training"])):
        raise BadInput(f"{file} is damaged: its checksum is not that of its contents; put back a copy, or train again")
    return _parse_training(text, file)


def _parse_fields(text: str, file: Path) -> dict[str, Any]:
    try:
        fields: dict[str, Any] = json.loads(text)
        version, _ = fields["schema_version"], fields["training"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadInput(f"{file} holds weights, but their description is broken; {_MEND}") from error
    if version != SCHEMA_VERSION:
        raise BadInput(f"{file} has version {version}, this Chipsmith reads version {SCHEMA_VERSION}: train again")
    return fields


def _parse_training(text: str, file: Path) -> Training:
    from pydantic import ValidationError

    training = _parse_fields(text, file)["training"]
    try:
        return Training.model_validate(training)
    except ValidationError as error:
        raise BadInput(f"{file}: {first_fault(error, Training)}; {_MEND}") from error


def _restore(training: Training, weights: Tensors, file: Path) -> torch.nn.Module:
    """The module is built without memory first, so that a file cannot ask for more than its own weights."""
    import torch

    if not all(tensor.isfinite().all() for tensor in weights.values() if tensor.is_floating_point()):
        raise BadInput(f"{file}: weights must be finite numbers; {_MEND}")
    network, shape, outputs = training.recipe.network, training.input_shape, training.outputs
    try:
        if network.kind != "function":
            with torch.device("meta"):
                network.build(input_shape=shape, outputs=outputs).load_state_dict(weights, assign=True)
        with reproducible(seed=training.recipe.seed):
            module: torch.nn.Module = network.build(input_shape=shape, outputs=outputs)
        module.load_state_dict(weights)
    except (RuntimeError, TypeError) as error:  # TypeError: a size beyond 64 bits
        raise BadInput(
            f"{file} holds the weights of another network than its recipe's ({network.kind}): {_first(error)}; {_MEND}"
        ) from error
    return module.eval()


def _first(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
