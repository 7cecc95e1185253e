"""Small images in three classes, a recipe for them, and a study of network and chip."""

from __future__ import annotations

import numpy as np

from chipsmith.learn.data import ArrayExamples, Dataset, Task
from chipsmith.learn.preprocessing import ImageReader, Preprocessing
from chipsmith.learn.recipe import read_recipe
from chipsmith.studies.search.recipe_networks import vary_recipe
from chipsmith.studies.search.study_file import parse_study

SIZE = 8
STUDY = {
    "network": {"recipe": "toy"},
    "space": {
        "chip": {"base": "nano-64", "tensor.columns": [4, 8, 16], "clock_mhz": "max"},
        "network": {"width": [0.5, 1.0], "depth": [1, 2]},
    },
    "objectives": {"energy_j": "minimise", "accuracy": "maximise"},
    "constraints": ["latency_s <= 1"],
    "reference_point": {"accuracy": 0.5},
    "trials": 6,
    "seeds": [0],
    "finalists": 2,
    "noise_seeds": 2,
    "verify": "none",
}


def toy_study(**changes):
    return parse_study({**STUDY, **changes}, origin="toy")


def toy_network(varied=STUDY["space"]["network"], *, name="toy", channels=1, weight=1.0, **training):
    """The network of a recipe of a few epochs; its data section is not read."""
    settings = {"epochs": 6, "batch_size": 32, "optimizer": {"kind": "adamw", "learning_rate": 0.02}, **training}
    fields = {
        "name": name,
        "task": "classification",
        "data": {"kind": "digits"},
        "network": {"kind": "cnn", "channels": [8, 16], "dense": [], "dropout": 0.0},
        "training": settings,
    }
    return vary_recipe(read_recipe(fields, origin="toy"), _images(channels), weight=weight, varied=varied)


def _images(channels: int) -> Dataset:
    generator = np.random.default_rng(0)
    classes = np.arange(240, dtype=np.int64) % 3
    stripes = np.arange(SIZE)[None, :] % 2 * np.ones((SIZE, 1))
    kinds = np.stack([np.zeros((SIZE, SIZE)), np.ones((SIZE, SIZE)), stripes])
    images = kinds[classes][:, None] + generator.normal(scale=0.9, size=(240, channels, SIZE, SIZE))
    whole = ArrayExamples(inputs=images.astype(np.float32), all_targets=classes)
    train, validation, test = (whole.select(np.arange(*part)) for part in ((0, 120), (120, 180), (180, 240)))
    reader = ImageReader(height=SIZE, width=SIZE, channels=channels, resize=True)
    return Dataset(
        name="toy",
        source="drawn at random",
        task=Task.CLASSIFICATION,
        class_names=("dark", "bright", "striped"),
        input_shape=(channels, SIZE, SIZE),
        input_dtype="float32",
        train=train,
        validation=validation,
        test=test,
        preprocessing=Preprocessing(reader=reader, steps=()),
    )
