"""Small images in three classes, and recipes for them: a dark, a bright and a striped kind, with noise."""

from __future__ import annotations

from typing import Any

import numpy as np
from toy_data import split

from chipsmith.learn import Dataset, Recipe, Task
from chipsmith.learn.recipe import read_recipe

SIZE = 8
CNN = {"kind": "cnn", "channels": [8, 16], "dense": [12], "dropout": 0.1, "norm": "batch"}
RESNET = {"kind": "resnet", "blocks": [1, 1], "widths": [8, 16]}
MOBILENET = {
    "kind": "mobilenet_v1",
    "stem": 16,
    "stem_stride": 1,
    "stages": [{"channels": 16}, {"channels": 32, "stride": 2}],
}


def toy_images() -> Dataset:
    """80 images of one channel, 48 of them to train on."""
    generator = np.random.default_rng(0)
    classes = np.arange(80, dtype=np.int64) % 3
    stripes = np.arange(SIZE)[None, :] % 2 * np.ones((SIZE, 1))
    kinds = np.stack([np.zeros((SIZE, SIZE)), np.ones((SIZE, SIZE)), stripes])
    images = kinds[classes][:, None] + generator.normal(scale=0.3, size=(80, 1, SIZE, SIZE))
    return split(Task.CLASSIFICATION, images.astype(np.float32), classes, ("dark", "bright", "striped"))


def toy_recipe(network: dict[str, Any], **training: Any) -> Recipe:
    """A recipe of three epochs by default; its data section is not read."""
    fields = {
        "name": "toy",
        "task": "classification",
        "data": {"kind": "digits"},
        "network": network,
        "training": {"epochs": 3, "batch_size": 16, **training},
    }
    return read_recipe(fields, origin="toy")
