"""Several processes that train one network together, as `torchrun` starts them; one alone where it did not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chipsmith.errors import BadInput

if TYPE_CHECKING:
    import torch

    from chipsmith.learn.training.losses import Loss


@dataclass(frozen=True, kw_only=True)
class Processes:
    """How many processes train together, and which of them this one is (from 0)."""

    rank: int = 0
    count: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0

    def share(self, chosen: torch.Tensor) -> tuple[slice, float]:
        """This process's part of a step's n examples, and the weight that its mean loss has in the mean of all.

        The weights of all processes sum to `count`, for gradients are averaged over processes. A step of fewer
        examples than processes is taken whole by each.
        """
        total = len(chosen)
        if total < self.count:
            return slice(0, total), 1.0
        start, end = self.rank * total // self.count, (self.rank + 1) * total // self.count
        return slice(start, end), (end - start) * self.count / total


def processes() -> Processes:
    """What `torchrun` says in the environment; one process where it says nothing."""
    return Processes(rank=int(os.environ.get("RANK", "0")), count=int(os.environ.get("WORLD_SIZE", "1")))


@contextmanager
def joined(device: str) -> Iterator[Processes]:
    """The processes of this training, connected inside the block: by gloo, on CUDA by NCCL."""
    import torch.distributed as distributed

    mine = processes()
    if mine.count == 1 or distributed.is_initialized():
        yield mine
        return
    distributed.init_process_group("nccl" if device == "cuda" else "gloo")
    try:
        yield mine
    finally:
        distributed.destroy_process_group()


def require_device(device: str) -> None:
    """Raise BadInput where the device of the settings is not there."""
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise BadInput("training.device is cuda, and PyTorch finds no CUDA device here; set training.device to cpu")


def with_loss(module: torch.nn.Module, loss: Loss, together: Processes) -> torch.nn.Module:
    """A module (inputs, targets) -> loss, whose gradients are the mean over all processes."""
    from torch import nn
    from torch.nn.parallel import DistributedDataParallel

    class Objective(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.module = module

        def forward(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            return loss(self.module, inputs, targets)

    objective: nn.Module = Objective()
    return objective if together.count == 1 else DistributedDataParallel(objective)
