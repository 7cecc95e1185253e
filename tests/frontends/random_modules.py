"""Random legal PyTorch modules, small and odd at their borders: ranks, types, shared readers, what they return."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional

UNARY = (
    torch.relu,
    torch.sigmoid,
    torch.tanh,
    torch.neg,
    torch.abs,
    functional.gelu,
    functional.silu,
    functional.softplus,
    functional.hardswish,
)
BINARY = (torch.add, torch.sub, torch.mul, torch.maximum)


class RandomModule(nn.Module):
    """Steps after one another, each on a tensor that it picks when the module is built.

    `forward` runs the same steps each time: a step is a function of the tensors so far, and gives the next.
    """

    def __init__(self, steps, layers, pick_outputs):
        super().__init__()
        self.steps, self.pick_outputs = steps, pick_outputs
        self.layers = nn.ModuleDict(layers)

    def forward(self, x, other):
        tensors = [x, other]
        for step in self.steps:
            tensors.append(step(self.layers, tensors))
        return self.pick_outputs(tensors)


def build_module(seed):
    """A random module in evaluation mode, and 16 inputs of each of its arguments, (16, *shape)."""
    draw = np.random.default_rng([seed, 9])
    torch.manual_seed(seed)
    columns = [_draw_column(draw, "float"), _draw_column(draw, str(draw.choice(["float", "indices", "flags"])))]
    samples = [torch.from_numpy(column[0]) for column in columns]
    steps, layers, depths = [], {}, [0, 0]
    for _ in range(int(draw.integers(3, 12))):
        floats = [index for index, tensor in enumerate(samples) if tensor.is_floating_point() and depths[index] < 5]
        source = int(draw.choice(floats[-4:]))
        step = GROWTHS[int(draw.integers(len(GROWTHS)))](draw, samples, source, layers)
        if step is not None:
            steps.append(step)
            depths.append(depths[source] + 1)
            with torch.no_grad():
                samples.append(step(layers, samples))
    return RandomModule(steps, layers, _draw_outputs(draw, len(samples))).eval(), columns


def _draw_column(draw, kind):
    shape = (16, 1, *(int(size) for size in draw.integers(1, 6, int(draw.integers(0, 4)))))
    match kind:
        case "indices":
            return draw.integers(0, 7, shape)
        case "flags":
            return draw.random(shape) < 0.5
        case _:
            return draw.normal(size=shape).astype(np.float32)


def _draw_outputs(draw, size):
    """The last tensor and others, an input or one tensor twice among them; alone, in a tuple, nested or by name."""
    last = size - 1
    others = [int(index) for index in draw.integers(0, size, int(draw.integers(0, 4)))]
    forms = (
        lambda tensors: tensors[last],
        lambda tensors: (tensors[last], *(tensors[index] for index in others)),
        lambda tensors: ([tensors[index] for index in others], tensors[last]),
        lambda tensors: {"logits": tensors[last], "more": tuple(tensors[index] for index in others)},
        lambda tensors: (tensors[last], tensors[0], tensors[last]),
        lambda tensors: (torch.tensor([[0.5, -2.0]]), tensors[last]),
    )
    return forms[int(draw.integers(len(forms)))]


def _unary(draw, _samples, source, _layers):
    function = UNARY[int(draw.integers(len(UNARY)))]
    return lambda _, tensors: function(tensors[source])


def _with_number(draw, _samples, source, _layers):
    function, number = BINARY[int(draw.integers(3))], round(float(draw.normal()), 2)
    return lambda _, tensors: function(tensors[source], number)


def _binary(draw, samples, source, _layers):
    shape = samples[source].shape
    fit = [index for index, tensor in enumerate(samples) if tensor.is_floating_point() and tensor.shape == shape]
    function, other = BINARY[int(draw.integers(len(BINARY)))], int(draw.choice(fit))
    return lambda _, tensors: function(tensors[source], tensors[other])


def _linear(draw, samples, source, layers):
    name = f"linear{len(layers)}"
    layers[name] = nn.Linear(samples[source].shape[-1], int(draw.integers(1, 7)), bias=bool(draw.random() < 0.7))
    return lambda layers, tensors: layers[name](tensors[source])


def _norm(_draw, samples, source, layers):
    if samples[source].shape[-1] < 3:
        return None
    name = f"norm{len(layers)}"
    layers[name] = nn.LayerNorm(samples[source].shape[-1])
    return lambda layers, tensors: layers[name](tensors[source])


def _conv(draw, samples, source, layers):
    shape = samples[source].shape
    if len(shape) not in (3, 4):
        return None
    name, kind = f"conv{len(layers)}", nn.Conv1d if len(shape) == 3 else nn.Conv2d
    layers[name] = kind(shape[1], int(draw.integers(1, 6)), 3, padding=1, stride=int(draw.integers(1, 3)))
    return lambda layers, tensors: layers[name](tensors[source])


def _pool(draw, samples, source, _layers):
    if samples[source].dim() != 4 or min(samples[source].shape[2:]) < 2:
        return None
    pool = functional.max_pool2d if draw.random() < 0.5 else functional.avg_pool2d
    return lambda _, tensors: pool(tensors[source], 2, 1)


def _permute(draw, samples, source, _layers):
    order = [int(axis) for axis in draw.permutation(samples[source].dim())]
    return lambda _, tensors: tensors[source].permute(order)


def _reshape(draw, samples, source, _layers):
    shape = [(1, -1), (-1,), (1, 1, -1)][int(draw.integers(3))]
    return lambda _, tensors: tensors[source].reshape(shape)


def _cat(draw, samples, source, _layers):
    axis = int(draw.integers(-samples[source].dim(), samples[source].dim()))
    return lambda _, tensors: torch.cat([tensors[source], 3 * tensors[source]], axis)


def _reduce(draw, samples, source, _layers):
    axis, kept = int(draw.integers(samples[source].dim())), bool(draw.random() < 0.5)
    function = (torch.mean, torch.amax, torch.amin)[int(draw.integers(3))]
    if samples[source].dim() == 1:
        kept = True
    return lambda _, tensors: function(tensors[source], axis, keepdim=kept)


def _softmax(draw, samples, source, _layers):
    axis = int(draw.integers(samples[source].dim()))
    return lambda _, tensors: torch.softmax(tensors[source], axis)


def _slice(draw, samples, source, _layers):
    size = samples[source].shape[-1]
    first, stride = int(draw.integers(size)), int(draw.integers(1, 3))
    return lambda _, tensors: tensors[source][..., first::stride]


def _embed(_draw, samples, _source, layers):
    if samples[1].dtype != torch.int64:
        return None
    name = f"table{len(layers)}"
    layers[name] = nn.Embedding(7, 4)
    return lambda layers, tensors: layers[name](tensors[1])


def _mask(_draw, samples, source, _layers):
    if samples[1].dtype != torch.bool or samples[1].shape != samples[source].shape:
        return None
    return lambda _, tensors: torch.where(tensors[1], tensors[source], -1.5)


def _compare(_draw, _samples, source, _layers):
    return lambda _, tensors: tensors[source] > 0.3


GROWTHS = (
    _unary,
    _with_number,
    _binary,
    _linear,
    _linear,
    _norm,
    _conv,
    _pool,
    _permute,
    _reshape,
    _cat,
    _reduce,
    _softmax,
    _slice,
    _embed,
    _mask,
    _compare,
)
"""Each gives a step where one of its kind fits, else None."""
