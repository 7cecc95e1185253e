"""The second listing of the essay, mended: its kernels by hand in PyTorch, each beside the chip's.

    python examples/essay_kernels.py

The essay is not part of this project; of its listing we know that it was wrong in `unbind` and `cat`. What stands here
is rebuilt after that: a convolution, a product of matrices, a softmax, and an LSTM run over a series.

The series is (batch, steps, features). `x.unbind()` takes apart the first axis, the batch, so that the cell sees the
pictures of a batch as steps of time: `x.unbind(1)` gives the steps. The hidden states, each (batch, hidden), are
stacked along a new axis of time: `torch.stack(states, 1)` is (batch, steps, hidden). `torch.cat(states)` joins them
along the batch, (steps * batch, hidden), and `torch.cat(states, 1)` along the features, (batch, steps * hidden): the
numbers are there, in an order that no later layer expects.
"""

import numpy as np
import torch

import chipsmith


def convolve(images: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """A convolution as a product of matrices: the windows of (n, C, H, W) times weights (O, C, 3, 3), size kept."""
    windows = torch.nn.functional.unfold(images, kernel_size=3, padding=1)
    return (weight.flatten(1) @ windows).unflatten(2, images.shape[2:])


def softmax(scores: torch.Tensor) -> torch.Tensor:
    """Exponentials that sum to 1 along the last axis; less the greatest score, so that none overflows."""
    raised = torch.exp(scores - scores.amax(-1, keepdim=True))
    return raised / raised.sum(-1, keepdim=True)


class HandLstm(torch.nn.Module):
    """An LSTM over series (batch, steps, features), its gates split from one product, a step after the other."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.enter = torch.nn.Linear(features, 4 * hidden)
        self.again = torch.nn.Linear(hidden, 4 * hidden)

    def step(self, x: torch.Tensor, hidden: torch.Tensor, memory: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The next hidden state and memory; gates in PyTorch's order: input, forget, cell, output."""
        enter, forget, cell, leave = (self.enter(x) + self.again(hidden)).chunk(4, dim=1)
        memory = torch.sigmoid(forget) * memory + torch.sigmoid(enter) * torch.tanh(cell)
        return torch.sigmoid(leave) * torch.tanh(memory), memory

    def forward(self, series: torch.Tensor) -> torch.Tensor:
        """The hidden states (batch, steps, hidden)."""
        hidden = memory = series.new_zeros(series.shape[0], self.again.in_features)
        states = []
        for x in series.unbind(1):
            hidden, memory = self.step(x, hidden, memory)
            states.append(hidden)
        return torch.stack(states, 1)


def build_lstm() -> torch.nn.Module:
    """The LSTM with fresh weights, the same each time."""
    torch.manual_seed(0)
    return HandLstm(features=16, hidden=32).eval()


KERNELS = {
    "conv2d": {"input": (1, 32, 32, 3), "filters": 32},
    "matmul": {"input": (1, 64, 64), "columns": 64},
    "softmax": {"input": (64, 64)},
    "lstm-cell": {"input": (1, 16), "hidden": 32},
}
"""The chip's kernels of the same names and sizes."""


def main() -> None:
    """Print each kernel's bits, cycles and place on `edge-256`; then the whole LSTM, held to PyTorch's."""
    for kind, parameters in KERNELS.items():
        (row,) = chipsmith.kernel(kind, parameters=parameters, no_computer=True).chips
        wrong = sum(bits.mismatches for bits in row.bits)
        print(f"{kind}: {wrong} wrong bits, {row.warm.cycles:,} cycles, limited by {row.warm.limit}")
    series = np.random.default_rng(0).normal(size=(64, 8, 16)).astype(np.float32)
    (estimate,) = chipsmith.estimate(build_lstm(), chips=["edge-256"], calibration=series)
    output = estimate.check.outputs[0]
    print(f"8 steps: {estimate.inference.latency.cold_cycles:,} cycles simulated, {estimate.check.verdict}")
    print(f"outputs against {estimate.check.source}: {output.sqnr_db:.1f} dB")


if __name__ == "__main__":
    main()
