"""A recipe's scaling in C: the bits of its preprocessing, whatever it reads; what is more than scaling is refused."""

from __future__ import annotations

import numpy as np
import pytest
from predict_library import PredictLibrary, expect

from chipsmith.deployment.deployment import Deployment
from chipsmith.deployment.firmware.examples import make_examples
from chipsmith.deployment.firmware.recipe_input import bind_recipe
from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_io import IoBinding
from chipsmith.learn.data import TargetScaling, Task
from chipsmith.learn.preprocessing import (
    Column,
    ColumnsReader,
    Fill,
    ImageReader,
    LogMel,
    Preprocessing,
    SeriesReader,
    SoundReader,
    Standardise,
)
from chipsmith.tosa.graph import DType, Graph, Operator, Tensor


def deployed(preprocessing: Preprocessing, *shape: int, axes: tuple[int, ...], scale: float = 0.02):
    """A network that copies its input, with that preprocessing before it."""
    graph = Graph(
        name="copying",
        tensors={name: Tensor(name=name, shape=shape, dtype=DType.INT8) for name in "xy"},
        operators=(Operator(kind="IDENTITY", name="y", inputs=("x",), outputs=("y",)),),
        constants={},
        inputs=("x",),
        outputs=("y",),
    )
    bound = {name: IoBinding(tensor=name, position=0, scale=scale, zero_point=3, axes=axes) for name in "xy"}
    deployment = Deployment(
        task=Task.REGRESSION,
        class_names=("first", "second"),
        preprocessing=preprocessing,
        inputs=(bound["x"],),
        outputs=(bound["y"],),
        target_scaling=TargetScaling(mean=(1.5,), std=(2.5,)),
    )
    return bind_recipe(graph, deployment)


IMAGES = Preprocessing(
    reader=ImageReader(height=5, width=4, channels=3),
    steps=(
        Standardise(mean=(0.0,), std=(255.0,)),
        Standardise(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), axis=0),
    ),
)
SERIES = Preprocessing(
    reader=SeriesReader(length=6, channels=("a", "b")),
    steps=(Standardise(mean=(1.0, -2.0), std=(3.0, 0.7), axis=1), Fill(value=0.25)),
)
COLUMNS = Preprocessing(
    reader=ColumnsReader(columns=(Column(name="age"), Column(name="sex", categories=("f", "m")))),
    steps=(Standardise(mean=(40.0, 0.5, 0.5), std=(12.0, 0.5, 0.5)),),
)
SOUND = Preprocessing(reader=SoundReader(rate_hz=8000, samples=16), steps=(Standardise(mean=(0.0,), std=(0.1,)),))
CASES = {
    "image": (IMAGES, (1, 5, 4, 3), (0, 2, 3, 1), "const uint8_t *image"),
    "series": (SERIES, (1, 6, 2), (0, 1, 2), "const float *series"),
    "columns": (COLUMNS, (1, 3), (0, 1), "const float *columns"),
    "sound": (SOUND, (1, 16), (0, 1), "const float *samples"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_steps_give_the_recipes_own_bits(tmp_path, name):
    preprocessing, shape, axes, parameter = CASES[name]
    network, recipe = deployed(preprocessing, *shape, axes=axes)
    library = PredictLibrary(network, tmp_path, recipe)
    assert parameter in library.predict.header
    for raw in recipe.draw(np.random.default_rng(0), 20):
        (output,) = library.call(raw[None])
        (expected,) = expect(network, preprocessing.finish(raw[None]))
        assert library.status == 0
        assert np.array_equal(output, expected)


def test_a_series_that_ends_early_is_filled(tmp_path):
    network, recipe = deployed(SERIES, 1, 6, 2, axes=(0, 1, 2))
    raw = SERIES.reader.read(np.ones((2, 2)))
    (output,) = PredictLibrary(network, tmp_path, recipe).call(raw[None])
    (expected,) = expect(network, SERIES.finish(raw[None]))
    assert np.isnan(raw[2:]).all()
    assert np.array_equal(output, expected)
    assert np.abs(output[0, 2:] - 0.25).max() < 0.02


def test_the_header_says_what_the_numbers_mean(tmp_path):
    network, recipe = deployed(COLUMNS, 1, 3, axes=(0, 1))
    header = PredictLibrary(network, tmp_path, recipe).predict.header
    assert "Columns: age, sex (a 1 for its category of f, m)." in header
    assert "in order: first, second." in header
    assert "each times [2.5], plus [1.5], is its value" in header


def test_examples_are_like_those_of_the_training():
    network, recipe = deployed(IMAGES, 1, 5, 4, 3, axes=(0, 2, 3, 1))
    examples = make_examples(network, recipe)
    assert examples.inputs[0].shape == (4, 1, 3, 5, 4)
    assert examples.inputs[0].dtype == np.uint8
    assert examples.outputs[0].shape == (4, 1, 3, 5, 4)


def test_what_is_more_than_scaling_is_refused_with_a_way_forward():
    mel = LogMel(rate_hz=8000, window=256, hop=128)
    preprocessing = Preprocessing(reader=SoundReader(rate_hz=8000, samples=1024), steps=(mel,))
    with pytest.raises(BadInput, match=r"has the step log_mel, which C code does not do: deploy the run's \.tosa file"):
        deployed(preprocessing, 1, 8, axes=(0, 1))
