"""A recorded sound through a Program as a stream would hear it, its windows executed many at a time: the same bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsmith.deployment.deployment import Deployment
from chipsmith.deployment.predict import DeployedHost
from chipsmith.deployment.streaming.detection import DetectionRule, Detector, Smoother
from chipsmith.deployment.streaming.settings import StreamSettings
from chipsmith.deployment.streaming.windows import SoundWindow
from chipsmith.errors import BadInput
from chipsmith.learn.data.joined_sound import JoinedSound
from chipsmith.learn.preprocessing import SoundReader
from chipsmith.learn.validation.classes import softmax
from chipsmith.program.limits import Limits
from chipsmith.program.program import Program
from chipsmith.targets import HostedGraph
from chipsmith.targets.npu import NpuGraph

_TOGETHER = 1_024
"""Windows that are executed at a time."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Replay:
    """The probabilities (n, classes) of n inferences, in order, and the times in seconds at which they were due."""

    times_s: NDArray[np.float64]
    probabilities: NDArray[np.float64]

    def smoothed(self, smooth_ms: float) -> NDArray[np.float64]:
        """The probabilities, averaged over the time before each."""
        smoother = Smoother(smooth_ms / 1e3)
        steps = zip(self.times_s.tolist(), self.probabilities, strict=True)
        return np.stack([smoother.step(time_s, row) for time_s, row in steps])

    def notice(
        self, rule: DetectionRule, class_names: tuple[str, ...], smoothed: NDArray[np.float64] | None = None
    ) -> list[float]:
        """The times at which a class is noticed; `smoothed` are the averages of the rule, where they are known."""
        averages = self.smoothed(rule.smooth_ms) if smoothed is None else smoothed
        detector = Detector(rule, class_names)
        steps = zip(self.times_s.tolist(), averages, strict=True)
        return [time_s for time_s, row in steps if detector.step(time_s, row) is not None]


def replay(
    program: Program,
    deployment: Deployment,
    sound: JoinedSound,
    settings: StreamSettings,
    *,
    limits: Limits | None = None,
) -> Replay:
    """The inferences that a stream of this sound makes. Raises BadInput for a Program of no sound at its rate."""
    reader = deployment.preprocessing.reader
    if not isinstance(reader, SoundReader) or reader.rate_hz != sound.rate_hz:
        raise BadInput(f"a program that takes sound of {sound.rate_hz} Hz is needed")
    host = DeployedHost(program=program, deployment=deployment)
    network = HostedGraph(host=host, graph=NpuGraph(program=program, limits=limits))
    window = SoundWindow(deployment.preprocessing, reader)
    times, waiting, outputs = [], [], []
    place, hop, last_end = 0, 0, 0
    while place < len(sound.samples):
        hop += 1
        after = min(len(sound.samples), round(hop * settings.hop_ms / 1e3 * sound.rate_hz))
        window.push(sound.samples[place:after])
        place = after
        if hop % settings.every == 0 and window.end != last_end:
            last_end = window.end
            times.append(place / sound.rate_hz)
            waiting.append(window.inputs())
        if len(waiting) == _TOGETHER or (waiting and place == len(sound.samples)):
            outputs.append(network.run(np.concatenate(waiting))[0].astype(np.float32))
            waiting = []
    return Replay(times_s=np.array(times), probabilities=softmax(np.concatenate(outputs)))
