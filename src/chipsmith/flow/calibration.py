"""Calibrations that are no arrays yet: a recipe's training examples, a folder of images."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.frontends.calibration import CalibrationSource
from chipsmith.frontends.options import LoadOptions
from chipsmith.frontends.quantized_io import AuthorTensor
from chipsmith.frontends.registry import list_model_inputs
from chipsmith.learn import Dataset, Recipe, load_calibration_part, shipped_recipes
from chipsmith.learn.data import Examples
from chipsmith.learn.data.images import BRIGHTEST, SUFFIXES
from chipsmith.learn.preprocessing import ImageReader
from chipsmith.tosa.graph import Array

AnyCalibration: TypeAlias = CalibrationSource | Recipe | Dataset
"""What a user may give: arrays or their file, a recipe or its name or file, a data set, a folder of images."""

MOST_EXAMPLES = 256
"""Examples of a recipe, or images of a folder, that are taken."""
_RECIPE_SUFFIXES = (".yaml", ".yml")
_IMAGE_RANK = 4
_CHANNELS = (1, 3)


def resolve_calibration(
    calibration: AnyCalibration | None, model: object, options: LoadOptions
) -> CalibrationSource | None:
    """Arrays, or the file of such, for a network that `model` names.

    Of a recipe they are its first training examples, of a private one validation examples, preprocessed as it says; of
    a data set its first training examples.
    Images of a folder are resized to the network's only input, as RGB or grey, with values from 0 to 1, or 0 to 255
    where the input is uint8. Raises BadInput where there are none, or nothing says how large the images are.
    """
    if isinstance(calibration, Dataset):
        return _first_examples(calibration.train)
    if isinstance(calibration, Recipe):
        return _first_examples(calibration.calibration_part(calibration.load_data()))
    if not isinstance(calibration, str | os.PathLike):
        return calibration
    path = Path(calibration)
    if path.is_dir():
        return _read_images(path, _find_image_input(path, model, options))
    if path.suffix.lower() in _RECIPE_SUFFIXES or (str(calibration) in shipped_recipes() and not path.exists()):
        return _first_examples(load_calibration_part(str(calibration)))
    return calibration


def _first_examples(part: Examples) -> Array:
    inputs: Array = part.first(MOST_EXAMPLES).whole().inputs
    return inputs


def _find_image_input(folder: Path, model: object, options: LoadOptions) -> AuthorTensor:
    inputs = list_model_inputs(model, options)
    if len(inputs) != 1 or len(inputs[0].shape) != _IMAGE_RANK:
        shapes = ", ".join(f"{tensor.name} {list(tensor.shape)}" for tensor in inputs) or "none that is known"
        raise BadInput(
            f"{folder} is a folder of images, and the network takes no single image (inputs: {shapes}): give arrays, "
            "or --shape NAME=1x3xHEIGHTxWIDTH where the network itself leaves its shape open"
        )
    return inputs[0]


def _read_images(folder: Path, tensor: AuthorTensor) -> Array:
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES)[:MOST_EXAMPLES]
    if not files:
        raise BadInput(f"{folder} holds no images ({', '.join(SUFFIXES)})")
    first = tensor.shape[1] in _CHANNELS
    channels, height, width = tensor.shape[1:] if first else (tensor.shape[3], *tensor.shape[1:3])
    if channels not in _CHANNELS:
        raise BadInput(
            f"input '{tensor.name}' of shape {list(tensor.shape)} takes no images: none have {channels} channels"
        )
    reader = ImageReader(height=height, width=width, channels=3 if channels == 3 else 1, resize=True)
    pixels: NDArray[np.uint8] = np.stack([reader.read(file) for file in files])
    ordered = pixels if first else np.moveaxis(pixels, 1, -1)
    return ordered if tensor.dtype == np.uint8 else (ordered / BRIGHTEST).astype(np.float32)
