"""A run that takes a few seconds: iris by a small perceptron, whole as `chipsmith run` leaves it."""

from __future__ import annotations

from pathlib import Path

import chipsmith
from chipsmith.flow.results import RunResult
from chipsmith.learn import Recipe
from chipsmith.learn.recipe import read_recipe


def iris_recipe() -> Recipe:
    return read_recipe(
        {
            "name": "iris",
            "task": "classification",
            "data": {"kind": "sklearn", "name": "iris"},
            "network": {"kind": "mlp", "hidden": [16]},
            "training": {"epochs": 2, "batch_size": 16},
            "validation": {"bootstrap": 100},
        },
        origin="a test",
    )


def run_iris(folder: Path) -> RunResult:
    result = chipsmith.run(iris_recipe(), out=folder)
    assert isinstance(result, RunResult)
    return result
