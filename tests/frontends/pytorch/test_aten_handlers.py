"""Operators of PyTorch in float graphs: the numbers that the eager module gives, operator by operator."""

from __future__ import annotations

import pytest
import torch
from float_witness import check_module
from torch import nn
from torch.nn import functional as fn


class Function(nn.Module):
    """A function of tensors as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *tensors):
        return self.function(*tensors)


def check_function(function, *tensors):
    return check_module(Function(function), *tensors)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def normal(*shape):
    return torch.randn(*shape)


ANYWHERE = [
    "relu",
    "sigmoid",
    "tanh",
    "exp",
    "abs",
    "neg",
    "floor",
    "ceil",
    "round",
    "trunc",
    "frac",
    "sign",
    "square",
    "erf",
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "atan",
    "asinh",
    "expm1",
    "exp2",
    "erfc",
    "reciprocal",
]
POSITIVE = ["sqrt", "rsqrt", "log", "log2", "log10", "log1p", "acosh"]
FRACTIONS = ["asin", "acos", "atanh", "logit"]
ACTIVATIONS = [
    "relu6",
    "gelu",
    "silu",
    "mish",
    "selu",
    "celu",
    "elu",
    "hardswish",
    "hardsigmoid",
    "logsigmoid",
    "softsign",
    "hardtanh",
    "leaky_relu",
    "softplus",
    "hardshrink",
    "softshrink",
    "tanhshrink",
    "glu",
    "rrelu",
]


@pytest.mark.parametrize("name", ANYWHERE)
def test_functions_of_all_numbers(name):
    check_function(getattr(torch, name), normal(3, 5))


@pytest.mark.parametrize("name", POSITIVE)
def test_functions_of_positive_numbers(name):
    check_function(getattr(torch, name), normal(3, 5).abs() + 1.01)


@pytest.mark.parametrize("name", FRACTIONS)
def test_functions_of_fractions(name):
    check_function(getattr(torch, name), torch.rand(3, 5) * 0.98 + 0.01)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    check_function(getattr(fn, name), normal(3, 6) * 3)


ATTRIBUTES = {
    "gelu by tanh": lambda x: fn.gelu(x, approximate="tanh"),
    "threshold": lambda x: fn.threshold(x, 0.5, 2),
    "clamp": lambda x: (x.clamp(-1, 0.5), x.clamp(min=0), x.clamp(torch.zeros(5), torch.ones(5))),
    "elu": lambda x: (fn.elu(x, 0.7), fn.celu(x, 0.7)),
    "leaky_relu": lambda x: fn.leaky_relu(x, 1.3),
    "softplus": lambda x: fn.softplus(x, 2.0),
    "hardshrink": lambda x: (fn.hardshrink(x, 0.2), fn.softshrink(x, 0.2)),
    "powers": lambda x: (x**2, x**3, x**-2, x.abs() ** 0.5, x.abs() ** 1.7, 2.0**x),
    "numbers on the left": lambda x: (3 - x, 2 / x, 1.5 + x),
    "a column softmax": lambda x: (x.softmax(0), x.log_softmax(-1), fn.softmin(x, 1)),
}


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attributes(name):
    check_function(ATTRIBUTES[name], normal(4, 5))


def test_arithmetic_of_two():
    def compute(x, y):
        sums = (x + y, x - y, torch.sub(x, y, alpha=2), torch.lerp(x, y, 0.3), torch.addcmul(x, x, y, value=0.5))
        return *sums, x * y, x / y, torch.maximum(x, y), torch.max(x, y), torch.addcdiv(x, x, y)

    check_function(compute, normal(3, 5) + 0.1, normal(5) + 0.1)


def test_quotients_that_are_rounded():
    def compute(x, y):
        return x // y, x % y, torch.fmod(x, y), torch.div(x, y, rounding_mode="trunc")

    check_function(compute, normal(30, 5) * 9, normal(5) * 3)
    check_function(lambda x: (x // 49, x // 0.25, x % 7), torch.arange(-98, 99).float())


def test_integers_stay_integers():
    def compute(i):
        quotients = (i // 3, i % 3, torch.fmod(i, 3), torch.div(i, 3, rounding_mode="trunc"), i / 4)
        return *quotients, i + 1, i * 2, -i, i.float() / 7, i * 0.5, i.clamp(0, 3), i**2, i.sum(), i.cumsum(0), i.max()

    check_function(compute, torch.arange(-9, 50))


def test_comparisons_and_choices():
    def compute(x, y):
        truths = (x > y, x <= y, x == 0, x != y, (x > 0) & (y > 0), (x > 0) | (y < 0), ~(x > 0), (x > 0) ^ (y > 0))
        choices = (torch.where(x > 0, x, y), x.masked_fill(x < 0, -5.0), x.tril(), x.triu(1))
        return *truths, *choices, (x > 0) * x, (x > 0).float(), (x * 3).int(), (x * 3).long() + y, x.bool()

    check_function(compute, normal(3, 5), normal(5))


MOVEMENTS = {
    "order and shape": lambda x: x.permute(2, 0, 1).reshape(4, -1),
    "parts": lambda x: (x[:, 1:, ::2], x[..., -1], x[None, :, 0], x.flip(0, 2), x.narrow(1, 1, 2)),
    "rolls": lambda x: (x.roll(1, 1), x.roll(5)),
    "splits": lambda x: (x.unbind(1), x.chunk(2, 2), x.split([1, 2], 1)),
    "joins": lambda x: (torch.stack([x, x], -1), torch.cat([x, torch.ones(2, 3, 1)], -1), torch.cat([x[:, :0], x], 1)),
    "repeats": lambda x: (x.repeat(2, 1, 1, 2), x.repeat_interleave(2, 1), x.expand(5, 2, 3, 4), x.tile(2)),
    "windows": lambda x: x.unfold(2, 2, 1),
    "padding": lambda x: (fn.pad(x, (1, 2, 0, -1)), fn.pad(x, (1, 2), value=3.0)),
    "padding by its own": lambda x: tuple(
        fn.pad(x, (1, 2), mode=mode) for mode in ("reflect", "replicate", "circular")
    ),
    "axes": lambda x: (x[None].squeeze(0), x.unsqueeze(-1), x.movedim(0, 2), x.transpose(-1, 0), x.mT, x.flatten(1)),
    "constant indices": lambda x: (x[[0, 1, 0]], x[:, [2, 0]], x[[0, 1], [1, 2]], x[:, torch.tensor([[0, 1], [2, 1]])]),
    "constants of its shape": lambda x: (torch.zeros_like(x) + x, torch.full_like(x, 2), x.new_zeros(2)),
}


@pytest.mark.parametrize("name", MOVEMENTS)
def test_movements(name):
    check_function(MOVEMENTS[name], normal(2, 3, 4))


def test_pixels_and_channels():
    image = normal(1, 8, 4, 4)
    check_function(lambda x: (fn.pixel_shuffle(x, 2), fn.pixel_unshuffle(x, 2), fn.channel_shuffle(x, 2)), image)


def test_computed_indices():
    indices = torch.tensor([-1, 1, 0])
    check_function(lambda x, i: (x[i], x[:, i], x[i, i], x[torch.arange(3), i]), normal(3, 3, 4), indices)
    check_function(lambda x, i: (x.index_select(1, i), x.gather(1, i[:, None, None])), normal(3, 3, 4), indices.abs())
    check_function(lambda i: (fn.one_hot(i, 5), fn.one_hot(i, 5).float()), torch.randint(0, 5, (2, 3)))
    check_module(nn.Embedding(10, 4), torch.randint(0, 10, (2, 3)))


def test_elements_that_are_replaced():
    def compute(x, y):
        z = x.clone()
        z[:, 1] = y[:, 0]
        z[:, :, 1:3] = 0
        z[0, 0, ::2] = 7.0
        z[:, [0, 2]] = 1.0
        z[z > 1.5] = 0
        return z

    check_function(compute, normal(2, 3, 4), normal(2, 3, 4))
    rows = torch.tensor([[[1, 0, 2, 1]]])
    check_function(lambda x, i: (x.scatter(1, i, 9.0), x.scatter(1, i, torch.ones(1, 1, 4))), normal(1, 3, 4), rows)


def test_reductions():
    def compute(x):
        sums = (x.sum(), x.sum(1), x.mean((0, 2), keepdim=True), x.prod(1), x.cumsum(1), x.logsumexp(1))
        extremes = (x.amax(1), x.max(), x.max(1), x.min(1, keepdim=True), x.argmax(), x.argmax(1), x.argmin(1, True))
        spreads = (x.var(1), x.std(), x.var(1, unbiased=False), torch.var_mean(x, 1))
        norms = (x.norm(), x.norm(dim=1), torch.linalg.vector_norm(x, 3, dim=1), x.norm(1, 2))
        return sums, extremes, spreads, norms, (x > 0).any(), (x > 0).all(1), (x > 0).sum(1)

    check_function(compute, normal(2, 3, 4))


def test_products():
    def compute(a, b, c):
        stacks = (a @ b, a @ c, a.mT @ a, torch.ones(3, 3) @ a, a @ c[:, 0], c[0] @ c[1], torch.ones(3) @ a)
        sums = (torch.einsum("bij,jk->bik", a, c), torch.einsum("bij,bkj->bik", a, a), torch.outer(c[0], c[1]))
        return (
            *stacks,
            *sums,
            torch.addmm(c[:, :2], c, c[:2].T @ torch.ones(2, 2), beta=2, alpha=3),
            torch.tensordot(a, c, 1),
        )

    check_function(compute, normal(2, 3, 5), normal(2, 5, 3), normal(5, 5))


MASK = torch.tensor([[True, False, True, True], [False] * 4, [True] * 4])


@pytest.mark.parametrize(
    "options", [{}, {"is_causal": True}, {"attn_mask": MASK}, {"attn_mask": torch.ones(3, 4), "scale": 0.3}]
)
def test_attention(options):
    def attend(q, k, v):
        return fn.scaled_dot_product_attention(q, k, v, **options)

    check_function(attend, normal(1, 2, 3, 8), normal(1, 2, 4, 8), normal(1, 2, 4, 8))


def test_attention_by_a_computed_mask_and_by_groups_of_heads():
    def attend(q, k, mask):
        grouped = fn.scaled_dot_product_attention(q, k[:, :1], k[:, :1], enable_gqa=True)
        return fn.scaled_dot_product_attention(q, k, k, attn_mask=mask), grouped

    check_function(attend, normal(1, 2, 3, 8), normal(1, 2, 4, 8), MASK[:1].expand(3, 4).clone())


SIZES = ({"scale_factor": 2}, {"size": (7, 9)}, {"scale_factor": 1.7}, {"size": (3, 4)})
MODES = (
    {"mode": "nearest"},
    {"mode": "nearest-exact"},
    {"mode": "bilinear"},
    {"mode": "bilinear", "align_corners": True},
    {"mode": "bicubic"},
    {"mode": "bilinear", "antialias": True},
)


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_resizing(mode):
    check_function(lambda x: tuple(fn.interpolate(x, **size, **mode) for size in SIZES), normal(1, 3, 5, 6))


def test_resizing_of_one_and_three_axes():
    check_function(
        lambda x: (fn.interpolate(x, scale_factor=2, mode="linear"), fn.interpolate(x, size=3)), normal(1, 3, 5)
    )
    volume = normal(1, 2, 3, 4, 5)
    check_function(
        lambda x: (fn.interpolate(x, scale_factor=2, mode="trilinear"), fn.interpolate(x, size=(2, 3, 4))), volume
    )


LAYERS = (
    (nn.Linear(4, 5), (2, 3, 4)),
    (nn.Linear(4, 5, bias=False), (4,)),
    (nn.Conv1d(3, 4, 3, padding=1, padding_mode="circular"), (2, 3, 7)),
    (nn.Conv2d(4, 6, 3, groups=2, dilation=2, stride=(2, 1)), (4, 9, 9)),
    (nn.Conv2d(4, 4, 4, groups=4, padding="same"), (1, 4, 6, 7)),
    (nn.Conv3d(2, 3, 3), (1, 2, 4, 5, 6)),
    (nn.ConvTranspose1d(3, 4, 3, 2), (1, 3, 5)),
    (nn.ConvTranspose2d(8, 6, 3, 2, output_padding=1, groups=2), (2, 8, 4, 5)),
    (nn.ConvTranspose3d(2, 3, 2, 2), (1, 2, 3, 3, 3)),
    (nn.AvgPool2d(3, 2, padding=1, ceil_mode=True), (1, 2, 7, 8)),
    (nn.AvgPool2d(3, 2, padding=1, count_include_pad=False), (1, 2, 7, 8)),
    (nn.AvgPool2d(2, divisor_override=3), (1, 2, 4, 4)),
    (nn.AvgPool3d(2), (1, 2, 4, 4, 4)),
    (nn.MaxPool1d(2), (2, 5)),
    (nn.MaxPool2d(3, 2, 1, ceil_mode=True), (1, 2, 7, 8)),
    (nn.AdaptiveAvgPool2d((3, 2)), (1, 2, 7, 8)),
    (nn.AdaptiveAvgPool1d(3), (1, 2, 7)),
    (nn.AdaptiveMaxPool2d((2, 3)), (1, 2, 5, 7)),
    (nn.LPPool2d(2, 2), (1, 2, 4, 4)),
    (nn.BatchNorm1d(3), (2, 3)),
    (nn.BatchNorm2d(3), (2, 3, 4, 4)),
    (nn.BatchNorm2d(3, track_running_stats=False), (2, 3, 4, 4)),
    (nn.InstanceNorm2d(3, affine=True), (2, 3, 4, 4)),
    (nn.GroupNorm(2, 4), (2, 4, 3, 3)),
    (nn.LayerNorm((3, 4)), (2, 3, 4)),
    (nn.RMSNorm(4), (2, 3, 4)),
    (nn.LocalResponseNorm(2), (1, 4, 3, 3)),
    (nn.PReLU(4), (2, 4, 3)),
    (nn.Unfold(2), (1, 3, 4, 5)),
    (nn.AlphaDropout(), (2, 3)),
    (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, activation="gelu"), (2, 3, 8)),
    (nn.TransformerEncoderLayer(8, 2, 16, norm_first=True), (2, 3, 8)),
)


@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=lambda item: type(item).__name__)
def test_layers(layer, shape):
    layer.train()(normal(*shape) * 2 + 1)  # moves the averages of normalisations
    for parameter in layer.parameters():
        parameter.data.normal_()
    check_module(layer, normal(*shape))


def test_layers_of_several_inputs():
    check_module(nn.MultiheadAttention(8, 2, batch_first=True), *(normal(2, 3, 8) for _ in range(3)))
    check_module(nn.TransformerDecoderLayer(8, 2, 16), normal(3, 1, 8), normal(4, 1, 8))
    check_module(nn.Bilinear(3, 4, 5), normal(2, 3), normal(2, 4))
    check_module(nn.CosineSimilarity(1), normal(2, 3), normal(2, 3))


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
@pytest.mark.parametrize(
    "options", [{}, {"num_layers": 2, "bidirectional": True, "batch_first": True}, {"bias": False}], ids=str
)
def test_recurrent_layers(kind, options):
    check_module(kind(4, 5, **options), normal(2, 3, 4))


def test_recurrent_cells_and_first_states():
    check_module(nn.RNN(4, 5, nonlinearity="relu"), normal(2, 3, 4))
    check_module(nn.GRU(4, 5), normal(2, 3, 4), normal(1, 3, 5))
    check_module(nn.LSTM(4, 5), normal(3, 4))
    check_module(nn.LSTMCell(4, 5), normal(2, 4))
    check_module(nn.GRUCell(4, 5), normal(2, 4), normal(2, 5))


def test_copies_of_views_are_these_views():
    aten = torch.ops.aten
    check_function(lambda x: aten.select_copy.int(x, 1, 2) + aten.slice_copy.Tensor(x, 1, 0, 1)[:, 0], normal(2, 3))
    check_function(lambda x: aten.permute_copy.default(aten.view_copy.default(x, [2, 3, 2]), [2, 0, 1]), normal(2, 6))
    check_function(lambda x: aten.split_copy.Tensor(aten.unsqueeze_copy.default(x, 1), 2, 2)[1], normal(2, 4))
