"""A Program that listens to a source: each hop preprocessed, executed on the simulated chip, and answered at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from chipsmith.deployment.deployment import Deployment
from chipsmith.deployment.predict import DeployedHost
from chipsmith.deployment.streaming.answers import AnswerReader, StreamAnswer, open_answers
from chipsmith.deployment.streaming.chip_rhythm import ChipRhythm
from chipsmith.deployment.streaming.pieces import Feed, StreamPiece
from chipsmith.deployment.streaming.settings import StreamSettings
from chipsmith.deployment.streaming.summary import HostTimes, StreamDecision, StreamMeter, StreamSummary
from chipsmith.deployment.streaming.windows import StreamWindow
from chipsmith.errors import BadInput
from chipsmith.program.limits import Limits
from chipsmith.program.program import Program
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.targets.npu import NpuGraph
from chipsmith.tosa.graph import Array
from chipsmith.units import count_things


class _Stopwatch:
    """Wall time and the thread's own time of the host's work, which is done in several stretches a hop.

    Matrix products within a stretch stay in one thread: the others of a BLAS would wait by spinning, and take longer.
    """

    def __init__(self, libraries: ThreadpoolController) -> None:
        self.wall_s = self.cpu_s = 0.0
        self._libraries = libraries

    def __enter__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.thread_time()
        self._limit = self._libraries.limit(limits=1, user_api="blas")

    def __exit__(self, *_: object) -> None:
        self._limit.restore_original_limits()
        self.wall_s += time.perf_counter() - self._wall
        self.cpu_s += time.thread_time() - self._cpu


class LiveStream:
    """The decisions of a Program on a source, made as they are iterated, once; what was so far is its `summary`.

    `as_json_lines` says how the command shows them: each as a JSON object of its own.
    """

    def __init__(
        self,
        program: Program,
        deployment: Deployment,
        feed: Feed,
        window: StreamWindow,
        settings: StreamSettings,
        *,
        limits: Limits | None = None,
        as_json_lines: bool = False,
    ) -> None:
        if settings.rule is not None and feed.hop_s is None:
            raise BadInput("a threshold counts in milliseconds, and the source has no rate; give one (--rate)")
        self._program, self._deployment, self._feed, self._window = program, deployment, feed, window
        self._settings, self.as_json_lines = settings, as_json_lines
        self._host = DeployedHost(program=program, deployment=deployment)
        self._graph = NpuGraph(program=program, limits=limits)
        self._answers: AnswerReader = open_answers(deployment, settings, window)
        self._rhythm = ChipRhythm.of(program)
        self._meter = StreamMeter()
        self._last_end = 0
        self._libraries = ThreadpoolController()
        self._decisions = self._run()

    def __iter__(self) -> Iterator[StreamDecision]:
        return self._decisions

    def __repr__(self) -> str:
        done = count_things(self._meter.inferences, "inference")
        return f"LiveStream({self._program.manifest.network} on {self._feed.name}, {done} so far)"

    @property
    def settings(self) -> StreamSettings:
        """How it is read."""
        return self._settings

    @property
    def summary(self) -> StreamSummary:
        """What was so far."""
        meter, feed = self._meter, self._feed
        timed = meter.seconds is not None and meter.working_s > 0
        return StreamSummary(
            network=self._program.manifest.network,
            source=feed.name,
            unit=feed.unit,
            task=self._deployment.task,
            settings=self._settings,
            hop_s=feed.hop_s,
            seconds=meter.seconds,
            seen=meter.seen,
            hops=meter.hops,
            inferences=meter.inferences,
            skipped=meter.skipped,
            part_filled=meter.part_filled,
            detections=tuple(meter.detections),
            deadline_misses=None if feed.hop_s is None else meter.misses,
            host=HostTimes.of(meter) if meter.inferences else None,
            rhythm=self._rhythm,
            simulator_s=meter.simulator_s,
            real_time_factor=(meter.seconds or 0.0) / meter.working_s if timed else None,
            whole_windows=not self._window.incremental,
            notes=tuple(feed.notes),
        )

    def to_json(self) -> Json:
        """The object of `chipsmith stream --json`: what is still to come is read to its end first."""
        return self.describe([decision.to_json() for decision in self])

    def describe(self, decisions: list[Json]) -> Json:
        """The object of `chipsmith stream --json` with these decisions, the stream being where it is."""
        return {"schema_version": SCHEMA_VERSION, **self.summary.to_json(), "decisions": decisions}

    def _run(self) -> Iterator[StreamDecision]:
        self._warm_up()
        time_s: float | None = None
        for piece in self._feed.pieces():
            time_s = piece.time_s
            decision = self._hop(piece)
            if decision is not None:
                yield decision
        decision = self._last(time_s)
        if decision is not None:
            yield decision

    def _hop(self, piece: StreamPiece) -> StreamDecision | None:
        """Push a piece, and answer where an inference is due and the window has moved."""
        began, host = time.perf_counter(), _Stopwatch(self._libraries)
        self._meter.hops += 1
        with host:
            self._window.push(self._feed.convert(piece.raw))
        due = self._meter.hops % self._settings.every == 0
        moved = self._window.end != self._last_end
        self._meter.skipped += due and not moved
        decision = self._decide(piece.time_s, host) if due and moved else None
        self._account(piece.time_s, host, decision)
        self._meter.working_s += time.perf_counter() - began
        return decision

    def _last(self, time_s: float | None) -> StreamDecision | None:
        """The answer to what the source held back until its end."""
        rest = self._feed.finish()
        if rest is None:
            return None
        self._window.push(rest)
        self._meter.seen = self._window.seen
        return None if self._window.end == self._last_end else self._decide(time_s, _Stopwatch(self._libraries))

    def _decide(self, time_s: float | None, host: _Stopwatch) -> StreamDecision:
        meter = self._meter
        with host:
            inputs = self._window.inputs()
            integers = self._host.quantize_inputs(inputs)
        began = time.perf_counter()
        outputs = self._graph.execute(integers)
        meter.simulator_s += time.perf_counter() - began
        with host:
            answer = self._read(outputs, inputs, time_s)
        self._last_end = self._window.end
        chip_us = self._rhythm.latency_us(meter.inferences)
        decision = StreamDecision(
            index=meter.inferences,
            time_s=time_s,
            decided_s=None if time_s is None else time_s + host.wall_s + chip_us / 1e6,
            window_end=self._window.end,
            window_full=self._window.full,
            host_us=host.wall_s * 1e6,
            chip_us=chip_us,
            answer=answer.json,
            line=answer.line,
            detected=answer.detected,
        )
        meter.inferences += 1
        meter.part_filled += not self._window.full
        meter.host_us.append(host.wall_s * 1e6)
        meter.cpu_us.append(host.cpu_s * 1e6)
        if answer.detected is not None and time_s is not None:
            meter.detections.append((time_s, answer.detected))
        return decision

    def _read(self, outputs: dict[str, Array], inputs: Array, time_s: float | None) -> StreamAnswer:
        first, *_ = self._host.dequantize_outputs(outputs, (inputs,))
        return self._answers.read(np.asarray(first, np.float32), inputs=np.asarray(inputs), time_s=time_s or 0.0)

    def _account(self, time_s: float | None, host: _Stopwatch, decision: StreamDecision | None) -> None:
        meter, hop_s = self._meter, self._feed.hop_s
        meter.seconds, meter.seen = time_s, self._window.seen
        work_s = host.wall_s + (0.0 if decision is None else decision.chip_us / 1e6)
        meter.misses += hop_s is not None and work_s > hop_s

    def _warm_up(self) -> None:
        """One inference on what the window holds before the stream, so that none is timed that loads libraries."""
        ports = self._program.manifest.inputs
        blank: dict[str, Any] = {port.name: np.zeros(port.shape, port.dtype) for port in ports}
        outputs = self._graph.execute(blank)
        self._host.dequantize_outputs(outputs, ())
