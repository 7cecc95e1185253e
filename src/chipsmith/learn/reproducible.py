"""The same seed gives the same bits: one thread, deterministic algorithms, torch's generator put back afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch's operators on one thread inside the block.

    The order of floating-point sums, so the last bits, depends on the number of threads. One is also the fastest for
    small networks on a busy machine, where threads wait for each other at the end of every operator.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def reproducible(*, seed: int) -> Iterator[None]:
    """Inside the block torch draws from `seed`, on one thread, by deterministic algorithms; afterwards as before."""
    import torch

    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        with one_thread(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.use_deterministic_algorithms(before)
