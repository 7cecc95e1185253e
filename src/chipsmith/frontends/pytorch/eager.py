"""A PyTorch module run by PyTorch itself: the author's own, or one that was trained with its quantisation."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chipsmith.errors import CheckFailed
from chipsmith.frontends.pytorch.calls import as_array
from chipsmith.frontends.pytorch.exported import ModuleCall, list_examples
from chipsmith.tosa.graph import Array

if TYPE_CHECKING:
    import torch
    from torch.export import ExportedProgram


@dataclass(frozen=True, kw_only=True, eq=False)
class EagerModel:
    """A module in evaluation mode, called with as many rows, and the types, as `call` has; it alone counts, not values.

    `build`, which may take long, gives the module when it is first used. `program` is what torch.export made of it,
    where that is known: its nodes' results can be seen.
    """

    build: Callable[[], torch.nn.Module] = field(repr=False)
    call: ModuleCall = field(repr=False)
    program: ExportedProgram | None = field(default=None, repr=False)

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
        """The outputs, batches along axis 0, for inputs with any number of batches along axis 0.

        Tensors and numbers that the module returns are outputs, in the order of tree_leaves. Raises CheckFailed with
        the module's own words where it does not run.
        """
        import torch

        try:
            with torch.inference_mode():
                calls = [list_outputs(self._run(batch)) for batch in _split(inputs, self.call.tensors)]
            return tuple(_join(parts) for parts in zip(*calls, strict=True))
        except Exception as error:  # whatever a user's module raises
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise CheckFailed(f"{type(self.module).__name__} did not run in PyTorch: {reason[:200]}") from error

    def tensors(self, names: Sequence[str], *inputs: Array) -> Mapping[str, Array]:
        """The results of the program's nodes by their names, (n, *shape) for n batches; none without a program."""
        import torch

        if self.program is None:
            return {}
        graph, wanted = self.program.module(check_guards=False), frozenset(names)
        with torch.inference_mode():
            rows = [_show(graph, batch, wanted) for batch in _split(inputs, list_examples(self.program))]
        known = rows[0] if rows else {}
        return {name: np.stack([row[name] for row in rows]) for name in known}

    def _run(self, batch: Sequence[torch.Tensor]) -> Any:
        call = self.call.replaced(tuple(batch))
        return self.module(*call.positional, **call.named)


def _split(inputs: Sequence[Array], examples: Sequence[torch.Tensor]) -> Iterator[tuple[torch.Tensor, ...]]:
    """The inputs in calls of as many rows, and of the types, as the examples have."""
    import torch

    pairs = zip(inputs, examples, strict=True)
    columns = [torch.tensor(array).to(example.dtype).split(example.shape[0]) for array, example in pairs]
    return zip(*columns, strict=True)


def list_outputs(returned: Any) -> list[Array]:
    """The tensors and numbers of what a module returns, in the order of tree_leaves."""
    from torch.utils._pytree import tree_leaves

    return [as_array(leaf) for leaf in tree_leaves(returned) if leaf is not None]


def _join(parts: Sequence[Array]) -> Array:
    """Results of batches along axis 0: [n] of rank 0."""
    return np.concatenate([np.atleast_1d(part) for part in parts])


def _show(graph: torch.nn.Module, batch: Sequence[torch.Tensor], names: frozenset[str]) -> dict[str, Array]:
    """What nodes of a graph compute, before others write into it."""
    import torch

    results: dict[str, Array] = {}

    class Observer(torch.fx.Interpreter):  # type: ignore[misc]
        """Copies the results of the nodes that are asked for."""

        def run_node(self, node: torch.fx.Node) -> Any:
            result = super().run_node(node)
            if node.name in names and isinstance(result, torch.Tensor):
                results[node.name] = as_array(result.clone())
            return result

    Observer(graph).run(*batch)
    return results


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
    """The array as a tensor; PT2E has no int64, so that its int64 becomes int32."""
    import torch

    return torch.tensor(array.astype(np.int32) if array.dtype == np.int64 else array)
