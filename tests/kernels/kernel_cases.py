"""Kernels of many shapes for the tests: every kind, small and odd."""

from __future__ import annotations

from collections.abc import Mapping

from chipsmith.kernels.build import ActivationType, SingleKernel, build_kernel
from chipsmith.kernels.catalogue import find_kind

CASES: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("conv2d", {"input": "1x8x8x16", "filters": 24}),
    ("conv2d", {"input": "1x1x1x1", "filters": 1, "size": 1}),
    ("conv2d", {"input": "1x7x5x3", "filters": 5, "size": "3x2", "stride": 2}),
    ("conv2d", {"input": "2x9x9x4", "filters": 6, "dilation": 2, "groups": 2}),
    ("conv2d", {"input": "1x8x8x8", "filters": 8, "size": "1x5", "padding": "1x0"}),
    ("conv2d", {"input": "1x6x6x2", "filters": 3, "size": 4, "padding": "valid", "stride": "1x2"}),
    ("depthwise", {"input": "1x9x7x5", "multiplier": 3, "stride": 2}),
    ("depthwise", {"input": "1x9x7x1", "size": 5, "dilation": "1x2"}),
    ("depthwise", {"input": "1x5x6x20", "size": "1x4"}),
    ("conv3d", {"input": "1x3x5x4x2", "filters": 3, "size": "2x3x3", "stride": "1x2x1"}),
    ("transpose-conv2d", {"input": "1x5x3x7", "filters": 4, "size": 3, "stride": 2}),
    ("transpose-conv2d", {"input": "1x1x1x1", "filters": 1, "size": "1x4", "stride": 1}),
    ("max-pool", {"input": "1x9x7x3", "size": 3, "stride": 2}),
    ("average-pool", {"input": "2x9x7x3", "size": "3x2", "stride": 1}),
    ("dense", {"input": "7x33", "columns": 17}),
    ("dense", {"input": "1x1", "columns": 1}),
    ("matmul", {"input": "3x5x7", "columns": 11}),
    ("matmul", {"input": "1x1x1", "columns": 1}),
    ("attention", {"input": "2x9x12", "heads": 3, "keys": 5}),
    ("attention", {"input": "1x1x4", "heads": 1, "keys": 1}),
    ("softmax", {"input": "3x100"}),
    ("softmax", {"input": "33x2"}),
    ("layernorm", {"input": "5x3"}),
    ("layernorm", {"input": "2x129"}),
    ("lstm-cell", {"input": "3x5", "hidden": 7}),
    ("lstm-cell", {"input": "1x1", "hidden": 1}),
    ("gru-cell", {"input": "3x5", "hidden": 7}),
    ("gru-cell", {"input": "1x16", "hidden": 16}),
    ("add", {"input": "3x17"}),
    ("gelu", {"input": "3x17"}),
)


def case_name(case: tuple[str, Mapping[str, object]]) -> str:
    """A kind and its parameters as the identifier of a test."""
    kind, given = case
    return "-".join([kind, *map(str, given.values())])


def build_case(
    case: tuple[str, Mapping[str, object]], activations: ActivationType = ActivationType.INT8, seed: int = 3
) -> SingleKernel:
    """The kernel of a case."""
    kind, given = case
    return build_kernel(find_kind(kind), given, activations=activations, seed=seed)
