"""Tensors that a network starts from: a state dict of PyTorch's, a safetensors file, or a network trained here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chipsmith.errors import BadInput
from chipsmith.learn.data.files import find
from chipsmith.learn.tensor_files import read_safetensors, read_torch

if TYPE_CHECKING:
    import torch

    from chipsmith.learn.tensor_files import Tensors

_COUNTER = "num_batches_tracked"
"""Of batch normalisation, unused in evaluation; files of old have none."""
_MEND = "give the state dict of a network, as torch.save or safetensors writes it"
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


def _fault(weights: Tensors, own: Tensors) -> str | None:
    missing = [name for name in own if name not in weights and not name.endswith(_COUNTER)]
    surplus = [name for name in weights if name not in own]
    if missing or surplus:
        return f"it has no {missing[0]}" if missing else f"the recipe's network has no {surplus[0]}"
    other = next((name for name in weights if weights[name].shape != own[name].shape), None)
    if other is not None:
        return f"{other} has shape {list(weights[other].shape)}, the recipe's network needs {list(own[other].shape)}"
    broken = next((name for name, weight in weights.items() if not _is_finite(weight, own[name])), None)
    return None if broken is None else f"{broken} holds what is no finite number"


def _is_finite(weight: torch.Tensor, own: torch.Tensor) -> bool:
    """Whether all elements are finite in the type that they are used in."""
    try:
        return not weight.is_complex() and bool(weight.to(own.dtype).isfinite().all())
    except RuntimeError:  # of a type that torch has without arithmetic
        return False


def _read(file: Path) -> Tensors:
    if file.suffix == ".safetensors":
        return read_safetensors(file, what="safetensors file", mend=_MEND)[1]
    content = read_torch(file, what="file of weights", mend=_MEND)
    weights = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(weights, dict) or not all(map(_is_weight, weights.items())):
        raise BadInput(f"{file} holds no state dict: a mapping of names to dense tensors; {_MEND}")
    return weights


def _is_weight(item: tuple[object, object]) -> bool:
    import torch

    name, weight = item
    return (
        isinstance(name, str)
        and isinstance(weight, torch.Tensor)
        and weight.layout is torch.strided
        and weight.device.type == "cpu"
        and not weight.is_quantized
    )
