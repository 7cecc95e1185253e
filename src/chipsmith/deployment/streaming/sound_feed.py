"""Sound as a source: files, raw samples on standard input, arrays, and pieces that somebody else records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from chipsmith.deployment.streaming.pieces import Feed, StreamPiece
from chipsmith.deployment.streaming.resampler import StreamResampler
from chipsmith.errors import BadInput
from chipsmith.learn.preprocessing.sound import open_sound
from chipsmith.learn.preprocessing.step import named

Frames = NDArray[np.float32]
"""(frames, channels), from -1 to 1."""

_LOUDEST = 4.0
"""A sample of floating point beyond this is none: full scale is 1."""
_CONTAINERS = {b"RIFF": "a WAV file", b"fLaC": "a FLAC file", b"OggS": "an Ogg file", b"FORM": "an AIFF file"}
_OPEN_SIZES = (0, 0xFFFFFFFF)
"""Sizes in the head of a WAV file that was written to a pipe: nobody knew its end."""


class SampleFormat(StrEnum):
    """How a raw sample is written, as ffmpeg and sox name it."""

    S16LE = "s16le"
    S24LE = "s24le"
    S32LE = "s32le"
    U8 = "u8"
    F32LE = "f32le"


_DTYPES = {SampleFormat.S16LE: "<i2", SampleFormat.S32LE: "<i4", SampleFormat.U8: "u1", SampleFormat.F32LE: "<f4"}
_BYTES = {
    SampleFormat.S16LE: 2,
    SampleFormat.S24LE: 3,
    SampleFormat.S32LE: 4,
    SampleFormat.U8: 1,
    SampleFormat.F32LE: 4,
}


def read_sample_format(name: str) -> SampleFormat:
    """A format by its name. Raises BadInput for a name that is none."""
    names = [each.value for each in SampleFormat]
    if name not in names:
        raise BadInput(f"--format: '{name}' is no format of samples that is read; there are {', '.join(names)}")
    return SampleFormat(name)


def decode_samples(data: bytes, form: SampleFormat, *, channels: int, name: str) -> Frames:
    """Raw interleaved samples as frames (n, channels) from -1 to 1. Raises BadInput where they are no such samples."""
    values = _unpack_24(data) if form is SampleFormat.S24LE else np.frombuffer(data, _DTYPES[form])
    if form is SampleFormat.F32LE:
        if not np.isfinite(values).all() or (values.size and np.abs(values).max() > _LOUDEST):
            raise BadInput(f"{name} holds no samples of floating point from -1 to 1; is it --format s16le?")
        scaled = values.astype(np.float32)
    elif form is SampleFormat.U8:
        scaled = (values.astype(np.float32) - 128) / 128
    else:
        scaled = values.astype(np.float32) / np.float32(2.0 ** (8 * values.itemsize - 1))
    return scaled.reshape(-1, channels)


def _unpack_24(data: bytes) -> NDArray[np.int32]:
    """Samples of three bytes as the upper ones of four."""
    packed = np.frombuffer(data, np.uint8).reshape(-1, 3)
    whole = np.zeros((len(packed), 4), np.uint8)
    whole[:, 1:] = packed
    return whole.view("<i4")[:, 0]


class SoundFeed(Feed):
    """Sound in hops of `hop_s` seconds at its own `rate_hz`; `read` gives the frames of each hop.

    `convert` averages the channels and brings the samples to `target_hz`, in pieces; what the filter holds back comes
    with later pieces (StreamResampler's `delay_s`).
    """

    unit = "samples"

    def __init__(
        self,
        name: str,
        read: Callable[[Iterator[int]], Iterator[Frames]],
        *,
        rate_hz: float,
        channels: int,
        target_hz: int,
        hop_s: float,
    ) -> None:
        self.name, self.hop_s, self.notes = name, hop_s, list[str]()
        self._read, self.rate_hz, self.target_hz = read, rate_hz, target_hz
        if channels > 1:
            self.notes.append(f"{name} has {channels} channels: they are averaged")
        self._resampler = None if rate_hz == target_hz else StreamResampler(rate_hz, target_hz)
        if self._resampler is not None:
            self.notes.append(
                f"{name} is resampled from {rate_hz:g} to {target_hz} Hz as it comes, which holds back "
                f"{self._resampler.delay_s * 1e3:.2g} ms"
            )

    def pieces(self) -> Iterator[StreamPiece]:
        """As Feed.pieces; the last may be shorter than a hop."""
        frames_seen = 0
        for frames in self._read(self._sizes()):
            frames_seen += len(frames)
            yield StreamPiece(raw=frames, time_s=frames_seen / self.rate_hz)
        if frames_seen == 0:
            raise BadInput(f"{self.name} holds no samples")

    def convert(self, raw: Frames) -> NDArray[np.float32]:
        """Mono samples at the network's rate."""
        if not np.isfinite(raw).all():
            raise BadInput(f"{self.name} holds samples that are no finite numbers")
        mono = raw[:, 0] if raw.shape[1] == 1 else raw.mean(axis=1, dtype=np.float32)
        return mono if self._resampler is None else self._resampler.convert(mono)

    def finish(self) -> NDArray[np.float32] | None:
        """What the resampler still holds back."""
        if self._resampler is None:
            return None
        rest = self._resampler.finish()
        return rest if len(rest) else None

    def _sizes(self) -> Iterator[int]:
        """Frames of each hop: together they keep step with the hops where these are no whole number of frames."""
        assert self.hop_s is not None
        index, before = 1, 0
        while True:
            after = round(index * self.hop_s * self.rate_hz)
            yield after - before
            index, before = index + 1, after


def open_sound_file(path: Path, *, target_hz: int, hop_s: float) -> SoundFeed:
    """A WAV, FLAC or other file that libsndfile reads. Raises BadInput for no sound, and for one that is cut off."""
    with open_sound(path) as sound:
        rate_hz, channels = int(sound.samplerate), int(sound.channels)
    _require_whole(path)

    def read(sizes: Iterator[int]) -> Iterator[Frames]:
        with open_sound(path) as sound:
            for size in sizes:
                frames = sound.read(size, dtype="float32", always_2d=True)
                if len(frames) == 0:
                    return
                yield frames

    return SoundFeed(named(path), read, rate_hz=rate_hz, channels=channels, target_hz=target_hz, hop_s=hop_s)


def _require_whole(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(8)
    said, size = int.from_bytes(head[4:8], "little"), path.stat().st_size
    if head[:4] == b"RIFF" and said not in _OPEN_SIZES and said + 8 > size + 1:
        raise BadInput(f"{named(path)} is cut off: its head says {said + 8:,} bytes, {size:,} are there; copy it again")


def open_raw_sound(
    stream: BinaryIO, *, rate_hz: float, form: SampleFormat, channels: int, target_hz: int, hop_s: float
) -> SoundFeed:
    """Raw interleaved samples from a pipe, hop by hop as they come."""
    frame_bytes = _BYTES[form] * channels
    name = "standard input"

    def read(sizes: Iterator[int]) -> Iterator[Frames]:
        first = True
        for size in sizes:
            data = stream.read(size * frame_bytes)
            if first and not data:
                raise BadInput(f"{name} holds no samples; is its sender running?")
            if first and data[:4] in _CONTAINERS:
                raise BadInput(
                    f"{name} is {_CONTAINERS[data[:4]]}, and raw samples are taken there; give the file by its name, "
                    "or have its sender write raw samples (arecord -t raw, sox -t raw, ffmpeg -f s16le)"
                )
            first = False
            whole = len(data) // frame_bytes * frame_bytes
            if whole < len(data):
                feed.notes.append(
                    f"{name} ends within a sample: {len(data) - whole} bytes are left over; is it "
                    f"--format {form.value} --channels {channels}?"
                )
            if whole:
                yield decode_samples(data[:whole], form, channels=channels, name=name)
            if len(data) < size * frame_bytes:
                return

    feed = SoundFeed(name, read, rate_hz=rate_hz, channels=channels, target_hz=target_hz, hop_s=hop_s)
    return feed


def feed_chunks(chunks: Iterable[Any], *, rate_hz: float, target_hz: int, hop_s: float) -> SoundFeed:
    """Samples in chunks of any size: float (n) or (n, channels) from -1 to 1, or int16. Raises BadInput for others."""
    waiting = iter(chunks)
    first = next(waiting, None)
    channels = 1 if first is None else as_frames(first).shape[1]

    def read(sizes: Iterator[int]) -> Iterator[Frames]:
        rest, done = np.zeros((0, channels), np.float32), first is None
        upcoming = iter(()) if first is None else _joined(first, waiting)
        for size in sizes:
            while len(rest) < size and not done:
                chunk = next(upcoming, None)
                done = chunk is None
                rest = rest if chunk is None else np.concatenate([rest, _matching(chunk, channels)])
            if len(rest) == 0:
                return
            yield rest[:size]
            rest = rest[size:]

    return SoundFeed("the samples", read, rate_hz=rate_hz, channels=channels, target_hz=target_hz, hop_s=hop_s)


def _joined(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _matching(chunk: Any, channels: int) -> Frames:
    frames = as_frames(chunk)
    if frames.shape[1] != channels:
        raise BadInput(f"a chunk has {frames.shape[1]} channels where the first has {channels}")
    return frames


def as_frames(samples: Any) -> Frames:
    """Samples (n) or (n, channels), float from -1 to 1 or int16, as frames. Raises BadInput."""
    array = np.asarray(samples)
    if array.ndim not in (1, 2) or (array.dtype != np.int16 and array.dtype.kind != "f"):
        raise BadInput(
            f"samples are (n) or (n, channels), float from -1 to 1 or int16; {array.dtype} {list(array.shape)} is given"
        )
    scaled = array.astype(np.float32) / np.float32(32768 if array.dtype == np.int16 else 1)
    return scaled.reshape(len(array), -1)
