"""Preprocessing: the same after JSON, the same alone as among others, refused where raw data are foreign."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from PIL import Image
from pydantic import ValidationError

from chipsmith.errors import BadInput
from chipsmith.learn.preprocessing import (
    BytesReader,
    Column,
    ColumnsReader,
    Fill,
    ImageReader,
    LogMel,
    Mfcc,
    Preprocessing,
    SeriesReader,
    SoundReader,
    Standardise,
    SubwordsTokeniser,
)

NOISE = np.random.default_rng(0)


def png(*, mode: str = "RGB", size: tuple[int, int] = (5, 4)) -> bytes:
    buffer = io.BytesIO()
    if mode == "I;16":
        Image.fromarray(np.full(size[::-1], 1000, np.uint16)).save(buffer, "PNG")
    else:
        pixels = NOISE.integers(0, 256, (size[1], size[0], 3), np.uint8)
        Image.fromarray(pixels).convert(mode).save(buffer, "PNG")
    return buffer.getvalue()


def wav() -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, NOISE.normal(0, 0.1, 900), 8_000, format="WAV")
    return buffer.getvalue()


SCALE = Standardise(mean=(0.1, -3.7), std=(1 / 3, 7.1), axis=1)
CASES = {
    "image": (
        Preprocessing(
            reader=ImageReader(height=4, width=5, channels=3),
            steps=(Standardise.fit(NOISE.normal(size=(9, 3, 4, 5)), axis=0),),
        ),
        png(),
    ),
    "resized": (Preprocessing(reader=ImageReader(height=3, width=3, channels=1, resize=True)), png()),
    "log_mel": (Preprocessing(reader=SoundReader(rate_hz=8_000, samples=1_000), steps=(LogMel(rate_hz=8_000),)), wav()),
    "mfcc": (
        Preprocessing(
            reader=SoundReader(rate_hz=4_000, samples=600), steps=(Mfcc(rate_hz=4_000, window=128, mels=10),)
        ),
        wav(),
    ),
    "bytes": (Preprocessing(reader=BytesReader(length=9)), "Grüße"),
    "subwords": (
        Preprocessing(reader=SubwordsTokeniser(vocabulary=40).fit(["the cat sat on the mat"] * 3, length=6)),
        "the mat sat",
    ),
    "series": (
        Preprocessing(reader=SeriesReader(length=4, channels=("a", "b")), steps=(SCALE, Fill())),
        np.ones((3, 2)),
    ),
    "columns": (
        Preprocessing(
            reader=ColumnsReader(columns=(Column(name="x"), Column(name="c", categories=("u", "v")))),
            steps=(Standardise(mean=(1.0,), std=(2.0,)),),
        ),
        {"x": "3", "c": "v"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_the_same_after_json(name):
    preprocessing, raw = CASES[name]
    again = Preprocessing.model_validate_json(preprocessing.model_dump_json())
    assert again == preprocessing
    first, second = preprocessing.apply(raw), again.apply(raw)
    assert first.dtype == second.dtype
    assert np.array_equal(first, second)


@pytest.mark.parametrize("name", CASES)
def test_many_at_once_are_as_each_alone(name):
    preprocessing, raw = CASES[name]
    read = preprocessing.reader.read(raw)
    assert np.array_equal(preprocessing.finish(np.stack([read] * 3))[1], preprocessing.apply(raw))


def test_a_series_is_padded_after_it_was_scaled():
    preprocessing, raw = CASES["series"]
    expected = (np.ones((3, 2)) - [0.1, -3.7]) / [1 / 3, 7.1]
    assert np.allclose(preprocessing.apply(raw)[:3], expected, atol=1e-6)
    assert not preprocessing.apply(raw)[3].any()


def test_words_become_0_and_1():
    preprocessing, raw = CASES["columns"]
    assert preprocessing.reader.read(raw).tolist() == [3, 0, 1]


@pytest.mark.parametrize(
    ("reader", "raw", "message"),
    [
        (ImageReader(height=4, width=4, channels=3), png(), "is 5 x 4 pixels, not 4 x 4"),
        (ImageReader(height=4, width=5, channels=1), png(mode="I;16"), "more than 8 bits"),
        (ImageReader(height=4, width=5, channels=1), np.zeros((4, 5), np.uint8), r"is no image of uint8 \[1, 4, 5\]"),
        (SoundReader(rate_hz=8_000, samples=100), b"none", "bytes is no sound that can be read"),
        (SoundReader(rate_hz=8_000, samples=100), np.zeros(0), "holds no sound"),
        (SeriesReader(length=4, channels=("a", "b")), np.ones((3, 1)), r"is no series of 2 channels \(a, b\)"),
        (SeriesReader(length=4, channels=("a",)), np.full((3, 1), np.nan), "must be finite numbers"),
        (ColumnsReader(columns=(Column(name="x"),)), {"y": "1"}, "column x is missing; it has y"),
        (ColumnsReader(columns=(Column(name="x"),)), "1", "a row with the columns x is needed"),
        (ColumnsReader(columns=(Column(name="c", categories=("u",)),)), {"c": "w"}, "column c: 'w' is none of u"),
    ],
)
def test_foreign_raw_data_are_refused(reader, raw, message):
    with pytest.raises(BadInput, match=message):
        reader.read(raw)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "1", "CMYK"])
def test_every_kind_of_colours_is_read(mode):
    data = png(mode=mode) if mode != "CMYK" else jpeg_cmyk()
    assert ImageReader(height=4, width=5, channels=3).read(data).shape == (3, 4, 5)


def jpeg_cmyk() -> bytes:
    buffer = io.BytesIO()
    Image.new("CMYK", (5, 4), (10, 20, 30, 40)).save(buffer, "JPEG")
    return buffer.getvalue()


def test_unknown_steps_are_refused():
    with pytest.raises(ValidationError, match="does not match any of the expected tags"):
        Preprocessing.model_validate({"reader": {"kind": "smell"}})
