"""What a stream was like, in figures: times of host and chip, deadlines, energy, how fast the simulation ran."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import numpy as np

from chipsmith.deployment.streaming.chip_rhythm import ChipRhythm
from chipsmith.deployment.streaming.settings import StreamSettings
from chipsmith.learn.data import Task
from chipsmith.schema import Json
from chipsmith.shown import Shown
from chipsmith.units import count_things, format_time

HOST_MEANS = (
    "measured on this computer, one thread: conversion, preprocessing, quantising, reading the answer; "
    "a device's own processor is not this one"
)


@dataclass(frozen=True, kw_only=True)
class StreamDecision(Shown):
    """One answer of a stream.

    `time_s` is when the hop's last sample (or row) was there, `decided_s` that and the work of host and chip; None
    without a rate. `window_end` is how much of the stream the network saw, in samples of its own rate, rows or tokens;
    `window_full` whether that filled its window. `answer` goes to JSON, `line` says it to people, `detected` is the
    class that is noticed now.
    """

    index: int
    time_s: float | None
    decided_s: float | None
    window_end: int
    window_full: bool
    host_us: float
    chip_us: float
    answer: Json
    line: str
    detected: str | None

    def _brief(self) -> str:
        when = f"{self.index}" if self.time_s is None else f"{self.time_s:.3f} s"
        return f"{when}: {self.line}{'' if self.detected is None else f'; noticed {self.detected}'}"

    def to_json(self) -> Json:
        """One of the decisions of `chipsmith stream --json`, and a line of `--jsonl`."""
        return {
            "index": self.index,
            "time_s": self.time_s,
            "decided_s": self.decided_s,
            "window_end": self.window_end,
            "window_full": self.window_full,
            "host_us": self.host_us,
            "chip_us": self.chip_us,
            **self.answer,
        }


@dataclass(kw_only=True)
class StreamMeter(Shown):
    """What is counted while a stream runs. Host times are of hops with an inference, in microseconds."""

    hops: int = 0
    inferences: int = 0
    skipped: int = 0
    part_filled: int = 0
    misses: int = 0
    seconds: float | None = None
    seen: int = 0
    simulator_s: float = 0.0
    working_s: float = 0.0
    host_us: array[float] = field(default_factory=lambda: array("d"))
    cpu_us: array[float] = field(default_factory=lambda: array("d"))
    detections: list[tuple[float, str]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class HostTimes(Shown):
    """The host's work of a hop with an inference, in microseconds: wall time, and time of its thread on a processor."""

    p50_us: float
    p99_us: float
    worst_us: float
    cpu_p99_us: float

    @classmethod
    def of(cls, meter: StreamMeter) -> HostTimes:
        """Those of a stream with one inference or more."""
        wall, cpu = np.frombuffer(meter.host_us), np.frombuffer(meter.cpu_us)
        return cls(
            p50_us=float(np.percentile(wall, 50)),
            p99_us=float(np.percentile(wall, 99)),
            worst_us=float(wall.max()),
            cpu_p99_us=float(np.percentile(cpu, 99)),
        )


@dataclass(frozen=True, kw_only=True)
class StreamSummary(Shown):
    """A stream so far.

    `skipped` inferences were due, and the window had not moved: nothing new was there to answer. `part_filled` are
    those whose window the stream did not fill yet.
    `deadline_misses` are hops whose work (host, measured, and chip, simulated) took longer than a hop; None, as are all
    that depend on it, where the source has no rate. `simulator_s` is this computer's time in the simulated chip, which
    counts neither as the host's nor as the chip's; `real_time_factor` is seconds of the stream by seconds that all of
    it took here: 1 or more follows a microphone.
    """

    network: str
    source: str
    unit: str
    task: Task
    settings: StreamSettings
    hop_s: float | None
    seconds: float | None
    seen: int
    hops: int
    inferences: int
    skipped: int
    part_filled: int
    detections: tuple[tuple[float, str], ...]
    deadline_misses: int | None
    host: HostTimes | None
    rhythm: ChipRhythm
    simulator_s: float
    real_time_factor: float | None
    whole_windows: bool
    notes: tuple[str, ...]

    def _brief(self) -> str:
        host = "" if self.host is None else f"; host p99 {format_time(self.host.p99_us)} a hop (measured)"
        chip = f"; chip {format_time(self.rhythm.latency_us(1))} warm (simulated)"
        misses = "" if self.deadline_misses is None else f"; {self.deadline_misses} deadline misses"
        noticed = f"; noticed {len(self.detections)} times" if self.settings.rule is not None else ""
        done = count_things(self.inferences, "inference")
        return f"{self.network} on {self.rhythm.chip}: {done}{host}{chip}{misses}{noticed}"

    @property
    def period_s(self) -> float | None:
        """Seconds from one inference to the next, in the mean where some are skipped; None without a rate."""
        if self.hop_s is None:
            return None
        due = self.hops // self.settings.every
        ran = due - self.skipped
        return self.hop_s * self.settings.every * (due / ran if ran else 1.0)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is to be known of the figures: of the source, of windows, and of what is not said without a rate."""
        told = list(self.notes)
        if self.whole_windows:
            told.append("this recipe's preprocessing needs each window as a whole: none of it is kept from hop to hop")
        if self.part_filled:
            told.append(
                f"the window was not full yet in the first {self.part_filled:,} of {self.inferences:,} inferences: "
                "silence or padding stood for what had not come"
            )
        if self.skipped:
            told.append(
                f"of {self.hops // self.settings.every:,} inferences that were due {self.skipped:,} were not run: the "
                "window had not moved since the last; duty and energy count those that ran"
            )
        if self.hop_s is None:
            told.append("without --rate there are no times, and no deadlines, duty and energy an hour")
        return tuple(told)

    @property
    def duty(self) -> float | None:
        """The share of the time that the chip works; None without a rate."""
        return None if self.period_s is None else self.rhythm.duty(self.period_s)

    @property
    def energy_j_per_hour(self) -> float | None:
        """Estimated joules of an hour on the chip and of its transfers; what the external memory takes while it is idle
        is left out. None without a rate.
        """
        return None if self.period_s is None else self.rhythm.energy_j_per_hour(self.period_s)

    def to_json(self) -> Json:
        """The object of `chipsmith stream --json` without its decisions."""
        host = self.host
        return {
            "network": self.network,
            "chip": self.rhythm.chip,
            "source": self.source,
            "task": self.task.value,
            "settings": {
                **self.settings.model_dump(mode="json"),
                "hop_ms": None if self.hop_s is None else self.hop_s * 1e3,
            },
            "hop_s": self.hop_s,
            "seconds": self.seconds,
            self.unit: self.seen,
            "hops": self.hops,
            "inferences": self.inferences,
            "skipped": self.skipped,
            "part_filled": self.part_filled,
            "detections": [{"time_s": time_s, "class": name} for time_s, name in self.detections],
            "deadline_misses": self.deadline_misses,
            "host": None
            if host is None
            else {
                "p50_us": host.p50_us,
                "p99_us": host.p99_us,
                "worst_us": host.worst_us,
                "cpu_p99_us": host.cpu_p99_us,
                "kind": "measured",
                "means": HOST_MEANS,
            },
            "on_chip": self.rhythm.to_json(),
            "duty": self.duty,
            "energy_j_per_hour": self.energy_j_per_hour,
            "leakage_j_per_hour": self.rhythm.leakage_j_per_hour,
            "simulator_s": self.simulator_s,
            "real_time_factor": self.real_time_factor,
            "whole_windows": self.whole_windows,
            "notes": list(self.sentences),
        }
