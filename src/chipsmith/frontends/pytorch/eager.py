"""A PyTorch module run by PyTorch itself: the author's float module, or the int8 one that PT2E made of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chipsmith.errors import BadInput, CheckFailed
from chipsmith.frontends.quantized_network import FrameworkModel
from chipsmith.tosa.graph import Array

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True, eq=False)
class EagerModel:
    """A module in evaluation mode, `batch_size` rows a call; `build`, which may take long, gives it when first used."""

    build: Callable[[], torch.nn.Module] = field(repr=False)
    batch_size: int

    @cached_property
    def module(self) -> torch.nn.Module:
        """The module itself."""
        return self.build()

    @property
    def framework(self) -> str:
        """PyTorch and its version."""
        return f"PyTorch {version('torch')}"

    @property
    def fingerprint(self) -> bytes:
        """The weights, the structure, and the files that define the module's own classes."""
        import io

        import torch

        weights = io.BytesIO()
        torch.save({name: value.detach().cpu() for name, value in self.module.state_dict().items()}, weights)
        return b"".join((str(self.module).encode(), weights.getvalue(), *_list_sources(self.module)))

    def run(self, *inputs: Array) -> tuple[Array, ...]:
        """The outputs, batches along axis 0, for inputs with any number of batches along axis 0; int64 is int32.

        Raises CheckFailed with the module's own words where it does not run.
        """
        import torch
        from torch.utils._pytree import tree_leaves

        try:
            with torch.inference_mode():
                calls = [tree_leaves(self.module(*batch)) for batch in self._split(inputs)]
            return tuple(_join(parts) for parts in zip(*calls, strict=True))
        except Exception as error:  # whatever a user's module raises
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise CheckFailed(f"{type(self.module).__name__} did not run in PyTorch: {reason[:200]}") from error

    def tensors(self, names: Sequence[str], *inputs: Array) -> Mapping[str, Array]:
        """The results of modules inside by their paths, (n, *shape) for n batches; of modules called once alone."""
        import torch

        with torch.inference_mode():
            rows = [self._show(batch, frozenset(names)) for batch in self._split(inputs)]
        known = rows[0] if rows else {}
        return {name: np.stack([row[name] for row in rows]) for name in known}

    def _show(self, batch: tuple[torch.Tensor, ...], names: frozenset[str]) -> dict[str, Array]:
        results: dict[str, list[Any]] = {}
        hooks = [
            inner.register_forward_hook(lambda _module, _inputs, result, path=path: results[path].append(result))
            for path, inner in self.module.named_modules()
            if path in names and results.setdefault(path, []) == []
        ]
        try:
            self.module(*batch)
        finally:
            for hook in hooks:
                hook.remove()
        single = {path: given[0] for path, given in results.items() if len(given) == 1}
        return {path: value.numpy() for path, value in single.items() if hasattr(value, "numpy")}

    def _split(self, inputs: Sequence[Array]) -> Iterator[tuple[torch.Tensor, ...]]:
        return zip(*(to_int32_tensor(array).split(self.batch_size) for array in inputs), strict=True)


def _join(parts: Sequence[torch.Tensor]) -> Array:
    """Results of batches along axis 0: [n] of rank 0."""
    import torch

    joined: Array = torch.cat([torch.atleast_1d(part) for part in parts]).numpy()
    return joined


def _list_sources(module: torch.nn.Module) -> Iterator[bytes]:
    """The files of the classes that are not PyTorch's own."""
    kinds = dict.fromkeys(type(inner) for inner in module.modules())
    for kind in kinds:
        if kind.__module__.partition(".")[0] != "torch":
            try:
                yield Path(inspect.getfile(kind)).read_bytes()
            except (TypeError, OSError):  # a class of an interactive session
                continue


def to_int32_tensor(array: Array) -> torch.Tensor:
    """The array as a tensor; TOSA has no int64, so that its int64 becomes int32."""
    import torch

    return torch.tensor(array.astype(np.int32) if array.dtype == np.int64 else array)


def eager_module(model: FrameworkModel | None) -> torch.nn.Module:
    """The module that an EagerModel runs; raises BadInput for a model of another framework, or none."""
    if not isinstance(model, EagerModel):
        raise BadInput("the network is no PyTorch module: give package.module:function")
    return model.module
