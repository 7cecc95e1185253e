"""What a generative network makes on the chip: pictures from noise, rebuilt pictures, text that goes on."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.chip import Chip
from chipsmith.deployment.language import Writing, write_tokens
from chipsmith.frontends.pytorch.network import lower_module
from chipsmith.learn import Dataset, Task, TrainedNetwork
from chipsmith.reports.record import Picture, TextSample
from chipsmith.targets import PreparedNetwork
from chipsmith.targets.npu import NpuTarget
from chipsmith.tosa.graph import Array

if TYPE_CHECKING:
    import torch

Pixels = NDArray[Any]

DRAWN = 32
COLUMNS = 8
WRITTEN_TOKENS = 120
TEMPERATURE = 0.8


def pictures(
    trained: TrainedNetwork, data: Dataset, chip: Chip, inputs: Array, answers: NDArray[np.float32]
) -> tuple[Picture, ...]:
    """Rebuilt images, and for a generative network images decoded from noise; none for what is no image."""
    shown = data.task.targets_are_inputs and len(data.input_shape) == 3 and data.input_shape[0] in (1, 3)
    if not shown or find_spec("PIL") is None:
        return ()
    rebuilt = Picture(
        title="Rebuilt",
        caption="Test examples, and below each what the chip made of it.",
        png=_png(_rows(inputs[:COLUMNS], answers[:COLUMNS])),
    )
    if data.task is not Task.GENERATION:
        return (rebuilt,)
    drawn = Picture(
        title="Decoded from noise",
        caption=f"{DRAWN} codes drawn from a normal distribution, decoded by a program of the decoder on {chip.name}.",
        png=_png(_sheet(decode_noise(trained, chip))),
    )
    return (drawn, rebuilt)


def decode_noise(trained: TrainedNetwork, chip: Chip) -> NDArray[np.float32]:
    """Images (n, channels, height, width) that the chip decodes from n codes, drawn by the recipe's seed."""
    import torch

    recipe = trained.training.recipe
    decoder = _decoder(trained.module)
    codes = np.random.default_rng(recipe.seed).standard_normal((256, int(trained.module.latent)), dtype=np.float32)
    lowered = lower_module(decoder, (torch.zeros(1, codes.shape[1]),), (codes,), name=f"{recipe.name}-decoder")
    (images,) = NpuTarget(chip=chip).prepare(lowered).run(codes[:DRAWN])
    return images.astype(np.float32)


def _decoder(module: torch.nn.Module) -> torch.nn.Module:
    from torch import nn

    class Decoder(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.whole = module

        def forward(self, code: torch.Tensor) -> torch.Tensor:
            images: torch.Tensor = self.whole.decode(code)
            return images

    decoder: nn.Module = Decoder().eval()
    return decoder


def texts(data: Dataset, network: PreparedNetwork, *, seed: int) -> tuple[TextSample, ...]:
    """What a language model writes on a target after a prompt of the test part; nothing for what is no language."""
    if data.task is not Task.LANGUAGE:
        return ()
    prompt = data.test.first(1).whole().inputs[0].tolist()
    writing = Writing(tokens=WRITTEN_TOKENS, temperature=TEMPERATURE, seed=seed)
    written = write_tokens(network, prompt, length=len(prompt), pad=_full_window, writing=writing)
    names = data.class_names
    return (
        TextSample(
            prompt="".join(names[token] for token in prompt),
            written="".join(names[token] for token in written),
            obtained=f"The prompt is of the test part; {len(written)} tokens were drawn one by one from the chip's "
            f"answers at temperature {TEMPERATURE}.",
        ),
    )


def _full_window(tokens: Sequence[int]) -> NDArray[np.int32]:
    """A prompt as long as the network's window leaves nothing to pad."""
    return np.array(tokens, np.int32)


# --- sheets of images -------------------------------------------------------------------------------------------------


def _rows(above: Pixels, below: Pixels) -> Pixels:
    """Two rows of images, each pair one above the other."""
    return np.concatenate([np.concatenate(list(row), axis=2) for row in (above, below)], axis=1)


def _sheet(images: Pixels) -> Pixels:
    """Images in rows of COLUMNS."""
    rows = [np.concatenate(list(images[start : start + COLUMNS]), axis=2) for start in range(0, len(images), COLUMNS)]
    return np.concatenate(rows, axis=1)


def _png(image: Pixels) -> str:
    """An image (1 or 3, height, width), its values stretched to its own range unless they lie within 0 and 1."""
    from PIL import Image

    low, high = min(0.0, float(image.min())), max(1.0, float(image.max()))
    pixels = np.round((image - low) / (high - low) * 255).astype(np.uint8)
    picture = Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0))
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return base64.b64encode(buffer.getvalue()).decode()
