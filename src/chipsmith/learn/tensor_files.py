"""Tensors in files: of torch.save and of safetensors, read without running anything, or refused in one message."""

from __future__ import annotations

import hashlib
import os
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chipsmith.errors import BadInput
from chipsmith.files import open_ordinary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import torch

    Tensors = dict[str, torch.Tensor]

_ANY_FILE_BYTES = 1 << 28
"""A tensor of so many bytes is taken from any file; a larger one only from a file that holds as many."""


def read_torch(path: str | os.PathLike[str], *, what: str, mend: str) -> Any:
    """What torch.save wrote to `path`: tensors on the CPU, numbers, texts and containers of these; nothing is executed.

    `what` says in messages what the file should be ("no `what`"), `mend` the way forward. Raises BadInput where it is
    missing or damaged, holds anything else, or describes more than it holds (a tensor by strides of nothing).
    """
    import torch

    file = Path(path)
    size = _size_bytes(file)
    refusal = BadInput(f"{path} is no {what} that can be read without running it, or is damaged; {mend}")
    try:
        _refuse_packed(file, size)
        with warnings.catch_warnings(action="ignore"):
            content = torch.load(file, weights_only=True, map_location="cpu")
        largest = max((tensor.numel() * tensor.element_size() for tensor in _tensors(content)), default=0)
    except Exception as error:  # of the unzipper, the unpickler and the tensors that they rebuild
        raise refusal from error
    if largest > max(size, _ANY_FILE_BYTES):
        raise refusal
    return content


def read_safetensors(path: str | os.PathLike[str], *, what: str, mend: str) -> tuple[dict[str, str], Tensors]:
    """The metadata and the tensors of a safetensors file. Raises BadInput as read_torch."""
    from safetensors import SafetensorError, safe_open

    file = Path(path)
    _size_bytes(file)
    try:
        with safe_open(file, framework="pt") as stored:
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
            return stored.metadata() or {}, tensors
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror or error}") from error
    except SafetensorError as error:
        raise BadInput(f"{path} is no {what}, or is truncated ({error}); {mend}") from error
    except Exception as error:  # a type that torch has not, a name that is no text
        raise BadInput(f"{path} is no {what}, or is damaged; {mend}") from error


def hash_tensors(tensors: Mapping[str, torch.Tensor], *, text: str = "") -> str:
    """The SHA-256 of tensors with their names, types and shapes, in their order by name, and of a text beside them."""
    import torch

    digest = hashlib.sha256(text.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"\n{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def _size_bytes(file: Path) -> int:
    try:
        with open_ordinary(file) as opened:
            return os.fstat(opened.fileno()).st_size
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot read {file}: {getattr(error, 'strerror', None) or error}") from error


def _refuse_packed(file: Path, size: int) -> None:
    """Raise ValueError for an archive that unpacks to more than its own size: torch.save packs nothing."""
    if not zipfile.is_zipfile(file):
        return
    with zipfile.ZipFile(file) as archive:
        if sum(member.file_size for member in archive.infolist()) > size:
            raise ValueError("the archive is larger inside than outside")


def _tensors(content: object) -> Iterator[torch.Tensor]:
    """The tensors in nested mappings and sequences; a container that holds itself ends in RecursionError."""
    import torch

    if isinstance(content, torch.Tensor):
        yield content
    elif isinstance(content, dict):
        for value in content.values():
            yield from _tensors(value)
    elif isinstance(content, list | tuple | set):
        for value in content:
            yield from _tensors(value)
