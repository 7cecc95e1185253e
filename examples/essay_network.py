"""The first listing of the essay, mended: a convolutional network for colour images of 32 x 32, on a chip.

    python examples/essay_network.py

The essay is not part of this project; of its listing we know that it was wrong in `64 * 6 * 6`. What stands here is
rebuilt after that: two convolutions of 3 x 3, each with a pooling that halves, and a classifier. Convolutions that keep
the size (`padding=1`) leave 32 -> 16 -> 8, so that the classifier takes 64 * 8 * 8 = 4,096 features. Its 64 * 6 * 6 =
2,304 are what is left where nothing is padded: 32 -> 30 -> 15 -> 13 -> 6. Either is a network, but padding and number
must agree. With padding, `x.view(-1, 64 * 6 * 6)` fails on a single picture, and makes sixteen rows of nine pictures,
mixed, without a word. `flatten(1)` keeps pictures apart, and a wrong number is an error of the classifier.
"""

import numpy as np
import torch

import chipsmith


class EssayNetwork(torch.nn.Module):
    """Logits of ten classes for images (n, 3, 32, 32)."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Conv2d(3, 32, 3, padding=1)
        self.second = torch.nn.Conv2d(32, 64, 3, padding=1)
        self.pool = torch.nn.MaxPool2d(2)
        self.hidden = torch.nn.Linear(64 * 8 * 8, 128)
        self.logits = torch.nn.Linear(128, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Halved twice, then classified."""
        x = self.pool(torch.relu(self.first(images)))
        x = self.pool(torch.relu(self.second(x)))
        return self.logits(torch.relu(self.hidden(x.flatten(1))))


def build() -> torch.nn.Module:
    """The network with fresh weights, the same each time."""
    torch.manual_seed(0)
    return EssayNetwork().eval()


def main() -> None:
    """Estimate the network on `edge-256`, with its outputs held to PyTorch's."""
    images = np.random.default_rng(0).normal(size=(64, 3, 32, 32)).astype(np.float32)
    (estimate,) = chipsmith.estimate(build(), chips=["edge-256"], calibration=images)
    latency, output = estimate.inference.latency, estimate.check.outputs[0]
    print(f"edge-256: {latency.cold_cycles:,} cycles simulated, {estimate.inference.energy_uj:.1f} uJ estimated")
    print(f"outputs against {estimate.check.source}: {output.sqnr_db:.1f} dB, {estimate.check.verdict}")


if __name__ == "__main__":
    main()
