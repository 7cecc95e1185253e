"""The operators that Chipsmith supports, one row each: TOSA's integer profile, and TABLE from int16 to int32."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from chipsmith.tosa.operators import (
    activation,
    conversion,
    convolution,
    data_layout,
    elementwise_binary,
    elementwise_unary,
    image,
    matrix,
    pooling,
    reduction,
    scatter_gather,
    selection,
)
from chipsmith.tosa.operators.row import OperatorRow

OPERATORS: Mapping[str, OperatorRow] = MappingProxyType(
    {
        row.kind: row
        for module in (
            convolution,
            matrix,
            pooling,
            reduction,
            activation,
            elementwise_binary,
            elementwise_unary,
            selection,
            data_layout,
            scatter_gather,
            image,
            conversion,
        )
        for row in module.ROWS
    }
)
"""The row of each operator by its name in the specification."""
