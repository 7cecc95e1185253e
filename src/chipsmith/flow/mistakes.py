"""The test examples that the chip answered worst, with what a person can recognise them by."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from chipsmith.learn import Dataset, Task
from chipsmith.learn.inspection import Inspected
from chipsmith.learn.preprocessing import ImageReader, Standardise
from chipsmith.learn.preprocessing.step import Values
from chipsmith.learn.preprocessing.text import TextReader
from chipsmith.learn.validation.answers import AnswerTable
from chipsmith.learn.validation.classes import softmax
from chipsmith.reports.run_facts import Mistake, MistakesRecord

SHOWN = 16
"""Most examples that are shown."""
TEXT_LETTERS = 200
"""Letters of a text that are shown."""
LONGEST_SIDE = 96
"""Pixels of the longer side of a picture: a larger one is made smaller."""
_BRIGHTEST = 255
_WHAT = {
    Task.CLASSIFICATION: "wrong answers, the surest first",
    Task.REGRESSION: "all answers, the largest residual first",
    Task.RECONSTRUCTION: "normal examples that are rebuilt worst, and anomalies that are rebuilt best",
}


def find_mistakes(inspected: Inspected, table: AnswerTable, outputs: NDArray[np.float32]) -> MistakesRecord | None:
    """The worst answers of a table, made of these outputs (n, ...); None for tasks without a single right answer."""
    if table.task is Task.CLASSIFICATION:
        shown = tuple(_wrong_classes(inspected, table, softmax(outputs)))
        wrong = int((table.answer != table.target).sum())
    elif table.task is Task.REGRESSION:
        shown, wrong = tuple(_residuals(inspected, table)), None
    elif table.task is Task.RECONSTRUCTION:
        shown, wrong = tuple(_misranked(inspected, table)), None
    else:
        return None
    return MistakesRecord(order=_WHAT[table.task], count=len(table), wrong=wrong, shown=shown)


def _wrong_classes(inspected: Inspected, table: AnswerTable, shares: Values) -> Iterator[Mistake]:
    names = inspected.data.class_names
    wrong = np.flatnonzero(table.answer != table.target)
    chosen = wrong[np.argsort(-table.score[wrong], kind="stable")][:SHOWN]
    for index, (picture, text) in zip(chosen.tolist(), _looks(inspected.loaded, chosen), strict=True):
        answer, target = int(table.answer[index]), int(table.target[index])
        yield Mistake(
            index=index,
            name=_name(inspected.loaded, index),
            target=names[target],
            answer=names[answer],
            probability=float(shares[index, answer]),
            true_probability=float(shares[index, target]),
            picture=picture,
            text=text,
        )


def _residuals(inspected: Inspected, table: AnswerTable) -> Iterator[Mistake]:
    """Of several targets the one with the largest residual, counted in deviations of that target over the part."""
    residuals = table.answer - table.target
    spread = table.target.std(axis=0)
    scaled = np.abs(residuals) / np.where(spread > 0, spread, 1.0)
    chosen = np.argsort(-scaled.max(axis=1), kind="stable")[:SHOWN]
    several = table.target.shape[1] > 1
    for index, (picture, text) in zip(chosen.tolist(), _looks(inspected.loaded, chosen), strict=True):
        column = int(scaled[index].argmax())
        label = f"{inspected.data.class_names[column]} " if several else ""
        yield Mistake(
            index=index,
            name=_name(inspected.loaded, index),
            target=f"{label}{table.target[index, column]:.5g}",
            answer=f"{label}{table.answer[index, column]:.5g}",
            residual=float(residuals[index, column]),
            picture=picture,
            text=text,
        )


def _misranked(inspected: Inspected, table: AnswerTable) -> Iterator[Mistake]:
    names, anomalous = inspected.data.class_names, table.target == 1
    worst = np.argsort(-table.score, kind="stable")
    normal, strange = worst[~anomalous[worst]][: SHOWN // 2], worst[anomalous[worst]][::-1][: SHOWN // 2]
    chosen = np.concatenate([normal, strange])
    for index, (picture, text) in zip(chosen.tolist(), _looks(inspected.loaded, chosen), strict=True):
        yield Mistake(
            index=index,
            name=_name(inspected.loaded, index),
            target=names[int(table.target[index])],
            answer=f"squared error {table.score[index]:.4g}",
            picture=picture,
            text=text,
        )


def _name(data: Dataset, index: int) -> str:
    """What the files call a test example; its number where they do not say."""
    if data.origin is None:
        return f"test example {index}"
    return data.origin.name_item(int(data.origin.split.test[index]))


def _looks(data: Dataset, chosen: Values) -> Sequence[tuple[str, str]]:
    """A picture and a text for each of these test examples; empty for what is neither."""
    if len(chosen) == 0:
        return []
    reader = data.preprocessing.reader
    inputs = data.test.batch(chosen).inputs
    if isinstance(reader, TextReader):
        return [("", reader.decode(row.tolist())[:TEXT_LETTERS]) for row in inputs]
    if isinstance(reader, ImageReader) and find_spec("PIL") is not None:
        return [(draw_picture(pixels), "") for pixels in restore_pixels(data, inputs)]
    return [("", "")] * len(chosen)


def restore_pixels(data: Dataset, inputs: Values) -> NDArray[np.uint8]:
    """The pixels (n, channels, height, width) that a network's inputs were made of, from 0 to 255."""
    pixels = inputs.astype(np.float64)
    for step in reversed(data.preprocessing.steps):
        if isinstance(step, Standardise):
            pixels = step.undo(pixels)
    return np.clip(np.round(pixels), 0, _BRIGHTEST).astype(np.uint8)


def draw_picture(pixels: NDArray[np.uint8]) -> str:
    """Pixels (1 or 3, height, width) as a PNG in base64, not larger than LONGEST_SIDE."""
    from PIL import Image

    image = Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0))
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return base64.b64encode(buffer.getvalue()).decode()
