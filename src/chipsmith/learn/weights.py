"""Weights that a network starts from: a state dict of PyTorch's, a safetensors file, or a network trained here."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chipsmith.errors import BadInput
from chipsmith.learn.data.files import find

if TYPE_CHECKING:
    import torch

    Weights = dict[str, torch.Tensor]

_COUNTER = "num_batches_tracked"
"""Of batch normalisation, unused in evaluation; files of old have none."""
_WRAPPED = "module."
"""What DataParallel puts before each name."""


def load_weights(module: torch.nn.Module, path: str) -> None:
    """Put the weights of a file into `module`; the path may hold variables such as $CHIPSMITH_DATA.

    A `.safetensors` file (such as a run's trained.safetensors), or what torch.save made of a state dict or of a mapping
    with one under `state_dict`; nothing in a file is executed. Raises BadInput where the file is missing, damaged, or
    of another network, naming the first weight that differs.
    """
    file = find(path)
    weights = {name.removeprefix(_WRAPPED): tensor for name, tensor in _read(file).items()}
    own = module.state_dict()
    fault = _fault(weights, own)
    if fault is not None:
        raise BadInput(f"{file} holds the weights of another network: {fault}; give one file for one network")
    module.load_state_dict(own | weights)


def _fault(weights: Weights, own: Weights) -> str | None:
    missing = [name for name in own if name not in weights and not name.endswith(_COUNTER)]
    surplus = [name for name in weights if name not in own]
    if missing or surplus:
        return f"it has no {missing[0]}" if missing else f"the recipe's network has no {surplus[0]}"
    other = next((name for name in weights if weights[name].shape != own[name].shape), None)
    if other is not None:
        return f"{other} has shape {list(weights[other].shape)}, the recipe's network needs {list(own[other].shape)}"
    broken = next(
        (name for name, weight in weights.items() if weight.is_floating_point() and not weight.isfinite().all()), None
    )
    return None if broken is None else f"{broken} holds what is no finite number"


def _read(file: Path) -> Weights:
    return _read_safetensors(file) if file.suffix == ".safetensors" else _read_torch(file)


def _read_safetensors(file: Path) -> Weights:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        weights: Weights = load_file(file)
    except (SafetensorError, OSError) as error:
        raise BadInput(f"{file} is no safetensors file, or is truncated ({error})") from error
    return weights


def _read_torch(file: Path) -> Weights:
    import torch

    try:
        content: Any = torch.load(file, weights_only=True, map_location="cpu")
    except (RuntimeError, EOFError, ValueError, KeyError, OSError, pickle.UnpicklingError) as error:
        raise BadInput(f"{file} holds no weights that torch.load can read without running it") from error
    weights = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(weights, dict) or not all(isinstance(weight, torch.Tensor) for weight in weights.values()):
        raise BadInput(f"{file} holds no state dict: a mapping of names to tensors")
    return weights
