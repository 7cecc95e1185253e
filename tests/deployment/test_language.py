"""A language model goes on with a prompt: which tokens it sees, and which it takes of what it says."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.deployment.language import Writing, write_tokens
from chipsmith.errors import BadInput

LENGTH, TOKENS = 4, 5


class Successor:
    """After token t comes t + 1 modulo TOKENS, by far the likeliest; keeps what it was given."""

    def __init__(self, *, surest: float = 9.0) -> None:
        self.windows: list[list[int]] = []
        self._surest = surest

    def run(self, *inputs):
        (window,) = inputs
        assert (window.shape, window.dtype) == ((1, LENGTH), np.int32)
        self.windows.append(window[0].tolist())
        logits = np.zeros((1, LENGTH, TOKENS), np.float32)
        logits[0, np.arange(LENGTH), (window[0] + 1) % TOKENS] = self._surest
        return (logits,)


def pad(tokens):
    return np.array([*tokens, *[0] * (LENGTH - len(tokens))], np.int32)


def write(network, prompt, **writing):
    return write_tokens(network, prompt, length=LENGTH, pad=pad, writing=Writing(**writing))


def test_the_likeliest_token_is_taken_at_temperature_0():
    assert write(Successor(), [1], tokens=6) == [2, 3, 4, 0, 1, 2]


def test_the_network_sees_the_latest_tokens_and_padding_behind_them():
    network = Successor()
    write(network, [1, 2], tokens=4)
    assert network.windows == [[1, 2, 0, 0], [1, 2, 3, 0], [1, 2, 3, 4], [2, 3, 4, 0]]


def test_of_a_long_prompt_the_end_is_seen():
    network = Successor()
    write(network, [0, 1, 2, 3, 4, 0], tokens=1)
    assert network.windows == [[2, 3, 4, 0]]


def test_a_temperature_draws_by_probability_and_the_seed_says_what():
    texts = [write(Successor(surest=1.0), [1], tokens=30, temperature=1.0, seed=seed) for seed in (0, 0, 1)]
    assert texts[0] == texts[1] != texts[2]
    assert len(set(texts[0])) > 1


def test_a_low_temperature_leaves_the_likeliest():
    cold = write(Successor(), [1], tokens=20, temperature=0.1, seed=3)
    assert cold == write(Successor(), [1], tokens=20)


@pytest.mark.parametrize("changes", [{"tokens": 0}, {"temperature": -1.0}, {"temperature": float("nan")}])
def test_writing_of_no_sense_is_refused(changes):
    with pytest.raises(BadInput, match="1 or more tokens"):
        Writing(**changes)
