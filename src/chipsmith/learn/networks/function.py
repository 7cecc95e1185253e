"""A network of one's own: any function that returns a torch.nn.Module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import field_validator

from chipsmith.frontends.front_end import names_function
from chipsmith.frontends.pytorch.user_module import build_module
from chipsmith.learn.networks.base import Network, Shape

if TYPE_CHECKING:
    from torch import nn


class Function(Network):
    """The module that `function`, named as "package.module:function", returns.

    The function is called with `input_shape` and `outputs` where it has arguments of these names. `tokens` says that
    the module takes int32 tokens (n, T).
    """

    kind: Literal["function"] = "function"
    function: str
    tokens: bool = False

    @field_validator("function")
    @classmethod
    def _require_form(cls, function: str) -> str:
        if not names_function(function):
            raise ValueError("give a function as package.module:function")
        return function

    def build(self, *, input_shape: Shape, outputs: int) -> nn.Module:
        """See Network.build; BadInput where the function is not there, raises, or returns no module."""
        return build_module(self.function, {"input_shape": input_shape, "outputs": outputs})

    def has_known_layers(self) -> bool:
        """See Network.has_known_layers."""
        return False

    def takes_tokens(self) -> bool:
        """See Network.takes_tokens."""
        return self.tokens
