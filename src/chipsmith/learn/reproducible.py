"""The same seed gives the same bits: one thread, deterministic algorithms, torch's generator put back afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chipsmith.extras import require_package


def require_torch(task: str) -> None:
    """Raises BadInput, which says how to install it, where PyTorch is missing; `task` names what cannot be done."""
    for package in ("torch", "safetensors"):
        require_package(package, extra="torch", task=task)


@contextmanager
def one_thread(threads: int = 1) -> Iterator[None]:
    """Run torch's operators on one thread inside the block, or on as many as are asked for.

    The order of floating-point sums, so the last bits, depends on the number of threads. One is also the fastest for
    small networks on a busy machine, where threads wait for each other at the end of every operator.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def reproducible(*, seed: int, threads: int = 1, deterministic: bool = True) -> Iterator[None]:
    """Inside the block torch draws from `seed`, on so many threads, by deterministic algorithms; afterwards as before.

    Not every operator of a CUDA device has a deterministic algorithm: there they are not asked for. Memory that is not
    written yet is not filled, as torch does beside such algorithms: nothing reads it, and that takes a third of a
    training of large batches.
    """
    import torch
    from torch.utils import deterministic as memory

    before, filled = torch.are_deterministic_algorithms_enabled(), memory.fill_uninitialized_memory
    torch.use_deterministic_algorithms(deterministic)
    memory.fill_uninitialized_memory = False
    try:
        with one_thread(threads), torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.use_deterministic_algorithms(before)
        memory.fill_uninitialized_memory = filled
