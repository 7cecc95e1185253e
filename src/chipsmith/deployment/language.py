"""How a language model goes on with a text: one inference a token, each drawn from what the network says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.learn.validation.classes import softmax
from chipsmith.targets import PreparedNetwork

Pad = Callable[[Sequence[int]], NDArray[np.int32]]


@dataclass(frozen=True, kw_only=True)
class Writing:
    """How a language model goes on: `tokens` more, drawn by `seed` at `temperature`; at 0 the likeliest is taken."""

    tokens: int = 100
    temperature: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.tokens < 1 or not self.temperature >= 0:
            raise BadInput(f"1 or more tokens are written at a temperature of 0 or more, not {self}")


def write_tokens(
    network: PreparedNetwork, prompt: Sequence[int], *, length: int, pad: Pad, writing: Writing
) -> list[int]:
    """The tokens that follow a prompt of one token or more.

    The network takes int32 (1, length): the latest tokens, which `pad` brings to that length, and gives logits
    (1, length, tokens); those behind the latest token are drawn from.
    """
    generator, tokens = np.random.default_rng(writing.seed), list(prompt)
    for _ in range(writing.tokens):
        latest = tokens[-length:]
        logits, *_ = network.run(pad(latest)[None])
        tokens.append(_draw(logits[0, len(latest) - 1], writing.temperature, generator))
    return tokens[len(prompt) :]


def _draw(logits: NDArray[np.float32], temperature: float, generator: np.random.Generator) -> int:
    if temperature == 0:
        return int(logits.argmax())
    return int(generator.choice(len(logits), p=softmax(logits.astype(np.float64) / temperature)))
