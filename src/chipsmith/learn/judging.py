"""How a quantum network is judged beside exactly: with a device's number of shots, and with its noise."""

from __future__ import annotations

from pydantic import Field

from chipsmith.learn.training.section import RecipeSection
from chipsmith.quantum.device import DEFAULT_DEVICE


class QuantumJudging(RecipeSection):
    """What a quantum network is judged with; more of it costs time.

    The noise of a device is judged on the first examples of the parts: a classifier on `noisy_test`, a kernel machine,
    which is fitted anew on a kernel with noise, on `noisy_train` and `noisy_test`.
    """

    shots: int = Field(default=1000, ge=1, le=1_000_000, description="measurements of each circuit")
    device: str = Field(default=DEFAULT_DEVICE, description="the device whose stored calibration says the noise")
    noisy_train: int = Field(default=200, ge=2, le=1000, description="training examples of a noisy kernel machine")
    noisy_test: int = Field(default=200, ge=1, le=1000, description="test examples that meet the noise")
