"""From the probabilities of each step to the moments at which a class is noticed: smoothing, threshold, a rest."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from chipsmith.errors import BadInput
from chipsmith.shown import Shown

Probabilities = NDArray[np.float64]
_SLACK_S = 1e-9
"""Times are sums of hops: two that are meant to be equal may differ by a rounding."""


class DetectionRule(Shown, BaseModel):
    """When a class is noticed.

    The probabilities of the last `smooth_ms` are averaged (0: each stands alone); a class of `classes` is noticed where
    its average reaches `threshold` and it is the highest of these; then nothing is for `refractory_ms`. Source of the
    smoothing: G. Chen, C. Parada, G. Heigold: Small-footprint keyword spotting using deep neural networks, ICASSP 2014.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    classes: tuple[str, ...] = Field(min_length=1)
    threshold: float = Field(gt=0, le=1)
    smooth_ms: float = Field(default=0.0, ge=0, le=60_000)
    refractory_ms: float = Field(default=1_000.0, ge=0, le=3_600_000)

    def places(self, class_names: Sequence[str]) -> list[int]:
        """The numbers of its classes. Raises BadInput for one that the network does not know."""
        unknown = [name for name in self.classes if name not in class_names]
        if unknown:
            raise BadInput(f"the network knows no class {', '.join(unknown)}; it knows {', '.join(class_names)}")
        return [class_names.index(name) for name in self.classes]


class Smoother:
    """The mean of the probabilities of the last `smooth_s` seconds; of fewer where the stream began within them."""

    def __init__(self, smooth_s: float) -> None:
        self._smooth_s = smooth_s
        self._latest: deque[tuple[float, Probabilities]] = deque()

    def step(self, time_s: float, probabilities: Probabilities) -> Probabilities:
        """The mean with those of this time, which comes after that of the last call."""
        self._latest.append((time_s, probabilities))
        while len(self._latest) > 1 and self._latest[0][0] <= time_s - self._smooth_s + _SLACK_S:
            self._latest.popleft()
        return np.asarray(np.mean([each for _, each in self._latest], axis=0))


class Detector:
    """A DetectionRule at work in one stream, on probabilities that are smoothed already."""

    def __init__(self, rule: DetectionRule, class_names: Sequence[str]) -> None:
        self._rule, self._places = rule, rule.places(class_names)
        self._rest_until_s = -np.inf

    def step(self, time_s: float, smoothed: Probabilities) -> str | None:
        """The class that is noticed at this time, None where none is."""
        best = max(range(len(self._places)), key=lambda index: smoothed[self._places[index]])
        if time_s + _SLACK_S < self._rest_until_s or smoothed[self._places[best]] < self._rule.threshold:
            return None
        self._rest_until_s = time_s + self._rule.refractory_ms / 1e3
        return self._rule.classes[best]
