"""Structured pruning: whole channels taken out by torch-pruning, with all that depends on them."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.extras import require_package

if TYPE_CHECKING:
    import torch

Criterion = Literal["magnitude", "fpgm", "taylor"]
CRITERIA: tuple[Criterion, ...] = ("magnitude", "fpgm", "taylor")
"""Importance of a channel over all layers that share it, as torch-pruning computes it; "taylor" reads gradients."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ChannelGroup:
    """Channels that can only go together: those of the layer `name` and of every layer that depends on it.

    `importance` has one float64 for each of the channels; their mean is 1, so that groups can be compared.
    """

    name: str
    importance: NDArray[np.float64]

    @property
    def width(self) -> int:
        """Number of channels."""
        return len(self.importance)

    def lost_importance(self, width: int) -> float:
        """The sum of importance that goes when the `width` most important channels stay."""
        return float(np.sort(self.importance)[: self.width - width].sum())

    def dropped(self, width: int) -> list[int]:
        """The channels that go, in rising order, when the `width` most important stay."""
        order = np.argsort(self.importance, kind="stable")
        return sorted(order[: self.width - width].tolist())


def find_channel_groups(
    module: torch.nn.Module, example: torch.Tensor, *, criterion: Criterion = "magnitude"
) -> tuple[ChannelGroup, ...]:
    """The groups of channels that can be taken out of `module`, which stays as it is.

    A group counts where the network still runs on `example` (rows of inputs) and gives outputs of the same shape
    with one channel less. For "taylor" the parameters must hold gradients of a loss. Raises BadInput where nothing can
    be pruned, with the layers that are to blame, and where torch-pruning is missing.
    """
    _require_extra()
    score = _score(criterion)
    names = {layer: name for name, layer in module.named_modules()}
    candidates = [
        ChannelGroup(name=names[_root(group)], importance=_importances(scores, len(group[0].idxs)))
        for group in _dependencies(module, example).get_all_groups()
        if (scores := score(group)) is not None
    ]
    groups = tuple(group for group in candidates if group.width > 1 and _can_go(module, example, group))
    if not groups:
        raise BadInput(_nothing_to_prune(module))
    return groups


def keep_channels(
    module: torch.nn.Module, example: torch.Tensor, groups: tuple[ChannelGroup, ...], widths: Mapping[str, int]
) -> torch.nn.Module:
    """A copy of `module` in evaluation mode with the most important channels of each group, as many as `widths` says.

    A group that `widths` does not name keeps all. Raises BadInput for a width of 0 or of more channels than there are.
    """
    copied = copy.deepcopy(module).eval()
    graph, layers = _dependencies(copied, example), dict(copied.named_modules())
    for group in groups:
        width = widths.get(group.name, group.width)
        if not 1 <= width <= group.width:
            raise BadInput(f"layer '{group.name}' has {group.width} channels: it cannot keep {width}")
        if width < group.width:
            _take_out(graph, layers[group.name], group.dropped(width))
    return copied


def resize_channels(module: torch.nn.Module, example: torch.Tensor, widths: Mapping[str, int]) -> torch.nn.Module:
    """A copy of `module` with so many channels in each named layer's group, to load stored weights into."""
    return keep_channels(module, example, find_channel_groups(module, example), widths)


def _take_out(graph: Any, layer: torch.nn.Module, channels: list[int]) -> None:
    pruner = graph.get_pruner_of_module(layer)
    graph.get_pruning_group(layer, pruner.prune_out_channels, channels).prune(record_history=False)


def _dependencies(module: torch.nn.Module, example: torch.Tensor) -> Any:
    import torch
    import torch_pruning

    try:
        with torch.enable_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parameters outside of layers, and of depth: such groups are tried out
            return torch_pruning.DependencyGraph().build_dependency(module.eval(), example_inputs=example)
    except Exception as error:  # torch-pruning raises what its tracing meets
        raise BadInput(f"{_nothing_to_prune(module)} ({type(error).__name__}: {error})") from error


def _root(group: Any) -> torch.nn.Module:
    layer: torch.nn.Module = group[0].dep.target.module
    return layer


def _score(criterion: Criterion) -> Any:
    from torch_pruning import importance

    makers = {
        "magnitude": importance.GroupMagnitudeImportance,
        "fpgm": importance.FPGMImportance,
        "taylor": importance.GroupTaylorImportance,
    }
    if criterion not in makers:
        raise BadInput(f"there is no pruning criterion '{criterion}'; there are {', '.join(makers)}")
    return makers[criterion]()


def _importances(scores: torch.Tensor, width: int) -> NDArray[np.float64]:
    """One score a channel: torch-pruning gives more where the first layer that it scores reads each channel often."""
    values = np.asarray(scores.detach().cpu(), np.float64)[:width]
    mean = float(values.mean())
    return values / mean if mean > 0 else np.ones(width)


def _can_go(module: torch.nn.Module, example: torch.Tensor, group: ChannelGroup) -> bool:
    """Whether the network still works, and still answers in the same shape, without one channel of the group."""
    import torch

    with torch.no_grad():
        shape = module(example).shape
    try:
        smaller = keep_channels(module, example, (group,), {group.name: group.width - 1})
        with torch.no_grad():
            return bool(smaller(example).shape == shape)
    except Exception:  # whatever a network raises whose shapes no longer fit
        return False


def _nothing_to_prune(module: torch.nn.Module) -> str:
    import torch

    recurrent = sorted({type(layer).__name__ for layer in module.modules() if isinstance(layer, torch.nn.RNNBase)})
    reason = f"its layers of kind {', '.join(recurrent)} have no channels of their own" if recurrent else "none is free"
    return (
        f"torch-pruning can take no channels out of {type(module).__name__}: {reason}; "
        "search a smaller structure instead, or prune by magnitude"
    )


def _require_extra() -> None:
    require_package("torch_pruning", extra="compression", task="prune channels", distribution="torch-pruning")
