"""Networks inside of wheels: rapidocr's three on lines and pages of text, nudenet's and magika's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import files
from pathlib import Path

import numpy as np

from doors.rendered_text import render_line, render_page
from doors.subject import Comparison, Door, Example, Inference, Subject
from doors.truth import run_onnx

CALIBRATION_INPUTS = 32
JUDGED_LINES = 40
JUDGED_PAGES = 4


def list_subjects() -> Sequence[Subject]:
    return [
        _subject("rapidocr", "_det_", _draw_pages, JUDGED_PAGES, Comparison.VALUES),
        _subject("rapidocr", "_cls_", _draw_turned_lines, JUDGED_LINES, Comparison.VALUES),
        _subject("rapidocr", "_rec_", partial(_draw_lines, 320), JUDGED_LINES, Comparison.STRINGS),
        _subject("nudenet", "320n", _draw_pages, JUDGED_PAGES, Comparison.VALUES),
        _subject("magika", "model", _draw_bytes, JUDGED_LINES, Comparison.VALUES),
    ]


def _subject(
    package: str, part: str, draw: Callable[[int, int], Sequence[Inference]], judged: int, comparison: Comparison
) -> Subject:
    make = partial(make_example, package, part, draw, judged, comparison)
    return Subject(group="wheels", file=f"{package} {part.strip('_')}", door=Door.ONNX, packages=(package,), make=make)


def make_example(
    package: str,
    part: str,
    draw: Callable[[int, int], Sequence[Inference]],
    judged: int,
    comparison: Comparison,
    _folder: Path,
) -> Example:
    """The wheel's own file; what judges it did not calibrate it."""
    model = find_model(package, part)
    inputs = tuple(draw(judged, 1000))
    return Example(
        model=str(model),
        input_names=("x",),
        calibration=tuple(draw(CALIBRATION_INPUTS, 0)),
        inputs=inputs,
        expected=run_onnx(model, inputs),
        comparison=comparison,
    )


def find_model(package: str, part: str) -> Path:
    """The only `.onnx` file of a distribution whose name has `part` in it."""
    (model,) = [file for file in files(package) or () if file.suffix == ".onnx" and part in file.name]
    return Path(str(model.locate()))


def _draw_pages(count: int, first: int) -> list[Inference]:
    return [(render_page(first + index)[None],) for index in range(count)]


def _draw_lines(width: int, count: int, first: int) -> list[Inference]:
    return [(render_line(first + index, width=width)[None],) for index in range(count)]


def _draw_turned_lines(count: int, first: int) -> list[Inference]:
    """Every other line is upside down: that is what the network tells."""
    lines = _draw_lines(192, count, first)
    return [(line[:, :, ::-1, ::-1] if index % 2 else line,) for index, (line,) in enumerate(lines)]


def _draw_bytes(count: int, first: int) -> list[Inference]:
    """Beginnings and ends of source texts, as magika takes them: 256 stands where there is nothing."""
    sources = sorted(Path(np.__file__).parent.rglob("*.py"))[first % 100 :: 7][:count]
    return [(_as_tokens(source.read_bytes()),) for source in sources]


def _as_tokens(content: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    tokens = np.full((1, 2048), 256, np.int32)
    begin, end = content[:1024], content[-1024:]
    tokens[0, : len(begin)] = list(begin)
    tokens[0, 2048 - len(end) :] = list(end)
    return tokens
