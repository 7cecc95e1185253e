"""Parameters of kernels: words and values, and what is refused, in words that say what fits."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.kernels.build import build_kernel, read_activations
from chipsmith.kernels.catalogue import KERNEL_KINDS, describe_parameters, find_kind
from chipsmith.kernels.parameters import read_settings


def settings(kind, **given):
    row = find_kind(kind)
    return read_settings(row.name, row.parameters, given)


def test_words_and_values_say_the_same():
    words = settings("conv2d", input="1x32x32x3", filters="32", size="3x5", stride="2", padding="1x0")
    values = settings("conv2d", input=(1, 32, 32, 3), filters=32, size=[3, 5], stride=np.int64(2), padding=(1, 0))
    assert words == values
    assert words.sizes("stride") == (2, 2)
    assert str(words) == "input=1x32x32x3 filters=32 size=3x5 stride=2x2 padding=1x0 dilation=1x1 groups=1"


def test_what_is_left_out_has_its_default():
    assert settings("matmul").values == {"input": (1, 64, 64), "columns": 64}


@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        ("conv2d", {"input": "32x32"}, "input is batch x height x width x channels, such as 1x32x32x16; '32x32'"),
        ("conv2d", {"input": "1x0x2x3"}, "input is batch x height x width x channels"),
        ("conv2d", {"input": (1, 2.5, 2, 3)}, "input is batch x height x width x channels"),
        ("conv2d", {"input": "1x32x32x" + "9" * 4000}, "input is batch x height x width x channels"),
        ("conv2d", {"filters": "3x3"}, "filters is a whole number of 1 or more, such as 16; '3x3'"),
        ("conv2d", {"filters": -3}, "filters is a whole number of 1 or more"),
        ("conv2d", {"filters": True}, "filters is a whole number of 1 or more"),
        ("conv2d", {"size": "3x3x3"}, "size is 2 numbers of 1 or more, or a single one for all, such as 3x3"),
        ("conv2d", {"padding": "full"}, "padding is same, valid, or numbers such as 1x1; 'full'"),
        ("softmax", {"filters": 3}, r"kernel softmax has no filters; it takes input \(default 64x64\)"),
        ("conv2d", {"filter": 3}, r"kernel conv2d has no filter \(did you mean filters\?\); it takes input"),
    ],
)
def test_what_does_not_fit_is_refused(kind, given, words):
    with pytest.raises(BadInput, match=words):
        settings(kind, **given)


@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        ("conv2d", {"groups": 3}, "kernel conv2d: 3 groups do not divide 16 channels and 16 filters evenly"),
        ("attention", {"heads": 3}, "kernel attention: 3 heads do not divide 64 features evenly"),
        ("conv2d", {"input": "1x2x2x4", "padding": "valid"}, "a window of .3, 3. does not fit an input of .2, 2."),
        ("softmax", {"input": "100000x100000"}, "a tensor of 100000x100000 is too large: 10,000,000,000 values, where"),
        ("dense", {"input": "1x100000", "columns": 100000}, "a tensor of 100000x100000 is too large"),
        ("conv2d", {"input": "1x4000x4000x1", "filters": 64}, "a tensor of 1x4000x4000x64 is too large"),
        ("max-pool", {"input": "1x1x4x4"}, "'max-pool': a window of .2, 2. does not fit an input of .1, 4."),
    ],
)
def test_values_that_do_not_fit_one_another_are_refused(kind, given, words):
    with pytest.raises(BadInput, match=words):
        build_kernel(find_kind(kind), given)


def test_an_unknown_kind_and_type_are_refused_with_those_that_there_are():
    with pytest.raises(BadInput, match=r"no kernel 'conv2' \(did you mean conv2d\?\); there are: conv2d, depthwise"):
        find_kind("conv2")
    with pytest.raises(BadInput, match="dtype is int8 or int16; 'float16' is given"):
        read_activations("float16")


def test_every_parameter_is_described_with_the_kinds_that_have_it():
    texts = describe_parameters()
    assert set(texts) == {parameter.name for kind in KERNEL_KINDS.values() for parameter in kind.parameters}
    assert "lstm-cell 64, gru-cell 64" in texts["hidden"]
