"""The accuracy of a network's int8 program on a part of its data set, without a chip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chipsmith.frontends.layout import Border
from chipsmith.frontends.pytorch.network import lower_module
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.learn.compression.variants import CALIBRATION_ROWS
from chipsmith.learn.data import Dataset, Examples
from chipsmith.learn.recipe import Recipe
from chipsmith.learn.validation.evaluate import Metric, evaluate
from chipsmith.targets.reference import ReferenceTarget

if TYPE_CHECKING:
    import torch


def int8_accuracy(
    module: torch.nn.Module, recipe: Recipe, dataset: Dataset, part: Examples, *, border: Border = Border.HOST
) -> tuple[QuantizedNetwork, Metric]:
    """The int8 form of a module in evaluation mode, and what it is worth on examples of `part`.

    Ranges are chosen over the first CALIBRATION_ROWS training examples. The answers are those of the integer graph's
    meaning, which are a Program's to the bit; the figure is the task's primary metric. Of `part` the first
    `recipe.validation.executed` examples are judged where the recipe says so. `border` as in LoadOptions. Raises
    BadInput and OperatorRefused where the module cannot be lowered.
    """
    import torch

    calibration = np.array(recipe.calibration_part(dataset).first(CALIBRATION_ROWS).whole().inputs)
    example = (torch.from_numpy(calibration[:1]),)
    quantised = lower_module(module, example, [calibration], name=recipe.name, border=border)
    most = recipe.validation.executed
    judged = part if most is None else part.first(most)
    answers = ReferenceTarget().prepare(quantised)
    metrics = evaluate(lambda inputs: answers.run(inputs)[0], judged, dataset.task, scaling=dataset.target_scaling)
    return quantised, metrics.primary_metric
