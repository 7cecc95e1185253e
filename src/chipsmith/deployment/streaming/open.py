"""Opening a stream: a Program, its file or its run's folder, on a file, a pipe, an array or an iterator."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from chipsmith.deployment.deployment import Deployment
from chipsmith.deployment.predict import read_deployment
from chipsmith.deployment.streaming.detection import DetectionRule
from chipsmith.deployment.streaming.live import LiveStream
from chipsmith.deployment.streaming.pieces import STANDARD_INPUT, Feed
from chipsmith.deployment.streaming.row_feed import RowFeed, TextFeed, convert_channels
from chipsmith.deployment.streaming.settings import DEFAULT_HOP_MS, StreamSettings
from chipsmith.deployment.streaming.sound_feed import (
    SampleFormat,
    SoundFeed,
    feed_chunks,
    open_raw_sound,
    open_sound_file,
)
from chipsmith.deployment.streaming.windows import RowWindow, SeriesWindow, SoundWindow, StreamWindow, TokenWindow
from chipsmith.errors import BadInput
from chipsmith.files import open_ordinary, read_arrays
from chipsmith.learn.data import Task
from chipsmith.learn.data.files import find_file
from chipsmith.learn.preprocessing import ColumnsReader, ImageReader, SeriesReader, SoundReader, TextReader
from chipsmith.learn.preprocessing.step import named
from chipsmith.program.limits import Limits
from chipsmith.program.program import Program

_TEXT_BYTES = 4_096
"""Read at most at a time of a text."""


@dataclass(frozen=True, kw_only=True)
class SourceForm:
    """What a source does not say of itself: samples, rows or tokens a second, and how raw samples are written."""

    rate_hz: float | None = None
    sample_format: SampleFormat = SampleFormat.S16LE
    channels: int = 1

    def __post_init__(self) -> None:
        if self.rate_hz is not None and not 0 < self.rate_hz <= 1e6:
            raise BadInput(f"--rate is a number of samples, rows or tokens a second, not {self.rate_hz:g}")
        if not 1 <= self.channels <= 64:
            raise BadInput(f"--channels is from 1 to 64, not {self.channels}")


@dataclass(frozen=True, kw_only=True)
class RuleChanges:
    """What of a rule was asked for; None and empty leave what is saved, or the default."""

    threshold: float | None = None
    smooth_ms: float | None = None
    refractory_ms: float | None = None
    classes: tuple[str, ...] = ()


def choose_settings(
    saved: StreamSettings | None,
    deployment: Deployment,
    *,
    hop_ms: float | None,
    every: int | None,
    changes: RuleChanges,
) -> StreamSettings:
    """The settings of a stream: what is asked for, else what is saved, else the defaults. Raises BadInput."""
    base = saved or StreamSettings()
    rule = _choose_rule(base.rule, deployment, changes)
    hop = base.hop_ms if hop_ms is None else hop_ms
    count = base.every if every is None else every
    if not 1 <= hop <= 60_000:
        raise BadInput(f"--hop is from 1 to 60000 milliseconds, not {hop:g}")
    if not 1 <= count <= 100_000:
        raise BadInput(f"--every is a number of hops, 1 or more, not {count}")
    return StreamSettings(hop_ms=hop, every=count, rule=rule)


def _choose_rule(saved: DetectionRule | None, deployment: Deployment, changes: RuleChanges) -> DetectionRule | None:
    threshold = changes.threshold if changes.threshold is not None else saved.threshold if saved else None
    if threshold is None:
        if changes != RuleChanges():
            raise BadInput(
                "--smooth, --refractory and --detect need --threshold: from what probability on it is noticed"
            )
        return None
    if deployment.task is not Task.CLASSIFICATION:
        raise BadInput(f"a threshold is for classes, and this is a network of {deployment.task.value}")
    if not 0 < threshold <= 1:
        raise BadInput(f"--threshold is a probability above 0, up to 1, not {threshold:g}")
    smooth = changes.smooth_ms if changes.smooth_ms is not None else saved.smooth_ms if saved else 0.0
    rest = changes.refractory_ms if changes.refractory_ms is not None else saved.refractory_ms if saved else 1_000.0
    if not 0 <= smooth <= 60_000 or not 0 <= rest <= 3_600_000:
        raise BadInput("--smooth is up to 60000 milliseconds, --refractory up to 3600000, both 0 or more")
    classes = changes.classes or (saved.classes if saved else deployment.class_names)
    rule = DetectionRule(classes=classes, threshold=threshold, smooth_ms=smooth, refractory_ms=rest)
    rule.places(deployment.class_names)
    return rule


def open_stream(
    program: Program,
    source: Any,
    settings: StreamSettings,
    *,
    form: SourceForm,
    name: str,
    limits: Limits | None = None,
    as_json_lines: bool = False,
) -> LiveStream:
    """See `chipsmith.stream`; `name` names the Program in messages."""
    deployment = read_deployment(program, name=name)
    window, feed = _open(deployment, source, settings, form, name)
    return LiveStream(program, deployment, feed, window, settings, limits=limits, as_json_lines=as_json_lines)


def open_window(deployment: Deployment, *, name: str) -> StreamWindow:
    """The window that a Program's reader fills. Raises BadInput, with `name`, for what comes one by one: images."""
    preprocessing = deployment.preprocessing
    match preprocessing.reader:
        case SoundReader() as reader:
            return SoundWindow(preprocessing, reader)
        case SeriesReader() as reader:
            return SeriesWindow(preprocessing, reader)
        case ColumnsReader():
            return RowWindow(preprocessing)
        case TextReader() as reader:
            return TokenWindow(reader)
        case ImageReader():
            raise BadInput(f"{name} takes images, which come one by one: `chipsmith predict` gives them to it")
    raise BadInput(f"{name} takes what does not come as a stream")


def _open(
    deployment: Deployment, source: Any, settings: StreamSettings, form: SourceForm, name: str
) -> tuple[StreamWindow, Feed]:
    window, reader = open_window(deployment, name=name), deployment.preprocessing.reader
    label, source = _source_name(source), _load_array(source)
    if isinstance(reader, SoundReader):
        return window, _sound_feed(source, settings, form, target_hz=reader.rate_hz)
    if settings.hop_ms != DEFAULT_HOP_MS:
        raise BadInput("--hop is of sound; of rows and texts a hop is one of them, and --every says how many")
    if isinstance(reader, TextReader):
        return window, TextFeed(label, _text_chunks(source), reader=reader, rate_hz=form.rate_hz)
    if isinstance(reader, SeriesReader):
        names: Sequence[str] = reader.channels
        convert: Callable[[dict[str, str]], Any] = convert_channels(reader.channels)
    else:
        assert isinstance(reader, ColumnsReader)
        names, convert = reader.names, dict
    feed = RowFeed(label, _lines(source, len(names)), names=names, convert=convert, rate_hz=form.rate_hz)
    return window, feed


def _sound_feed(source: Any, settings: StreamSettings, form: SourceForm, *, target_hz: int) -> Feed:
    hop_s = settings.hop_ms / 1e3
    if isinstance(source, str) and source == STANDARD_INPUT:
        if form.rate_hz is None:
            raise BadInput("say how many samples a second standard input brings: --rate 16000")
        return open_raw_sound(
            _piped(),
            rate_hz=form.rate_hz,
            form=form.sample_format,
            channels=form.channels,
            target_hz=target_hz,
            hop_s=hop_s,
        )
    if isinstance(source, str | os.PathLike):
        feed = open_sound_file(find_file(os.fspath(source)), target_hz=target_hz, hop_s=hop_s)
        feed.notes.extend(_unused_options(feed, form))
        return feed
    if form.rate_hz is None:
        raise BadInput("say how many samples a second the source has: --rate 16000, in Python rate=16000")
    chunks = [source] if isinstance(source, np.ndarray) else source
    if not isinstance(chunks, Iterable):
        raise BadInput("a source is a file, `-`, an array of samples, or an iterator of such arrays")
    return feed_chunks(chunks, rate_hz=form.rate_hz, target_hz=target_hz, hop_s=hop_s)


def _unused_options(feed: SoundFeed, form: SourceForm) -> Iterator[str]:
    """A file of sound says these itself."""
    if form.rate_hz not in (None, feed.rate_hz):
        yield f"{feed.name} says itself that it has {feed.rate_hz:g} samples a second: --rate is not used"
    if form.sample_format is not SampleFormat.S16LE or form.channels != 1:
        yield f"{feed.name} says itself how its samples are written: --format and --channels are not used"


def _source_name(source: Any) -> str:
    if isinstance(source, str | os.PathLike):
        return "standard input" if source == STANDARD_INPUT else named(Path(source))
    return "the source"


def _load_array(source: Any) -> Any:
    """The array of a `.npy` file; any other source as it is. Raises BadInput for a damaged file."""
    is_array = isinstance(source, str | os.PathLike) and Path(source).suffix == ".npy"
    return read_arrays(find_file(os.fspath(source))) if is_array else source


def _piped() -> BinaryIO:
    """Standard input, as bytes. Raises BadInput where it is a terminal, at which nobody types samples."""
    if sys.stdin is None or sys.stdin.isatty():
        raise BadInput("nothing is piped into standard input; name a file, or pipe one in")
    return sys.stdin.buffer


def _text_chunks(source: Any) -> Iterable[str]:
    """The text of a file or a pipe as it comes, or of an iterator of texts."""
    if isinstance(source, str | os.PathLike):
        return _read_text(source)
    return _texts(source)


def _lines(source: Any, width: int) -> Iterable[str]:
    """CSV lines of a file or a pipe as they come, of arrays with `width` columns, or of an iterator of either."""
    if isinstance(source, str | os.PathLike):
        return _read_lines(source)
    if not isinstance(source, Iterable):
        raise BadInput("a source is a file, `-`, an array of rows, or an iterator of CSV lines or of such arrays")
    pieces = [source] if isinstance(source, np.ndarray) else source
    return (line for piece in pieces for line in _piece_lines(piece, width))


def _piece_lines(piece: Any, width: int) -> Iterable[str]:
    """A piece of a source: a CSV line, a row (width), or rows (n, width)."""
    if isinstance(piece, np.ndarray):
        return _array_lines(np.atleast_2d(piece), width)
    if isinstance(piece, str):
        return (piece,)
    raise BadInput(f"an iterator of CSV lines or of arrays is taken, and {type(piece).__name__} came")


def _texts(source: Any) -> Iterator[str]:
    if not isinstance(source, Iterable):
        raise BadInput("a source is a file, `-`, or an iterator of texts")
    for text in source:
        if not isinstance(text, str):
            raise BadInput(f"an iterator of texts is taken, and {type(text).__name__} came")
        yield text


def _read_lines(source: str | os.PathLike[str]) -> Iterator[str]:
    with _opened_text(source) as file:
        yield from iter(file.readline, "")


def _read_text(source: str | os.PathLike[str]) -> Iterator[str]:
    with _opened_text(source) as file:
        yield from iter(lambda: file.readline(_TEXT_BYTES), "")


def _opened_text(source: str | os.PathLike[str]) -> io.TextIOWrapper:
    if source == STANDARD_INPUT:
        return io.TextIOWrapper(io.BufferedReader(_Unclosed(_piped())), encoding="utf-8", newline="")
    return io.TextIOWrapper(open_ordinary(find_file(os.fspath(source))), encoding="utf-8-sig", newline="")


class _Unclosed(io.RawIOBase):
    """A pipe that stays open when who reads it is done, and gives what is there without waiting for more."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As io.RawIOBase.readinto."""
        read = getattr(self._stream, "read1", self._stream.read)
        data: bytes = read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _array_lines(series: Any, width: int) -> Iterator[str]:
    """The rows of an array (n, width) as CSV lines."""
    if series.ndim != 2 or series.shape[1] != width:
        raise BadInput(f"rows are (n, {width} columns); {list(series.shape)} is given")
    return (",".join(repr(float(value)) for value in row) for row in series)
