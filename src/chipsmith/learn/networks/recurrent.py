"""Recurrent networks for series and text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from chipsmith.learn.networks.base import Dropout, Network, Shape, Size, require_outputs, require_rank

if TYPE_CHECKING:
    from torch import nn


class _Recurrent(Network):
    """What LSTM and GRU share: (T, features), or tokens (T,) with `vocabulary` -> (n, outputs).

    `vocabulary` is the number of tokens, embedded in `hidden` values each; None takes features. A classifier or
    regressor reads the last state of each direction. The steps are unrolled on the chip: its program is as long as
    T times the layers.
    """

    hidden: Size = 32
    layers: Annotated[int, Field(ge=1, le=8)] = 1
    bidirectional: bool = False
    vocabulary: Size | None = None
    dropout: Dropout = 0.0

    def takes_tokens(self) -> bool:
        """See Network.takes_tokens."""
        return self.vocabulary is not None

    def _build(self, kind: Literal["lstm", "gru"], input_shape: Shape, outputs: int) -> nn.Module:
        from chipsmith.learn.networks.modules.recurrent import RecurrentNetwork

        axes = "steps" if self.takes_tokens() else "steps, features"
        require_rank(kind, input_shape, rank=1 if self.takes_tokens() else 2, axes=axes)
        require_outputs(kind, outputs)
        return RecurrentNetwork(
            cell=kind,
            features=input_shape[-1],
            vocabulary=self.vocabulary,
            hidden=self.hidden,
            layers=self.layers,
            bidirectional=self.bidirectional,
            dropout=self.dropout,
            outputs=outputs,
        )


class Lstm(_Recurrent):
    """Long short-term memory (Hochreiter and Schmidhuber 1997), in one direction or two."""

    kind: Literal["lstm"] = "lstm"

    def build(self, *, input_shape: Shape, outputs: int) -> nn.Module:
        """See Network.build."""
        return self._build(self.kind, input_shape, outputs)


class Gru(_Recurrent):
    """Gated recurrent units (Cho et al. 2014, https://arxiv.org/abs/1406.1078), in one direction or two."""

    kind: Literal["gru"] = "gru"

    def build(self, *, input_shape: Shape, outputs: int) -> nn.Module:
        """See Network.build."""
        return self._build(self.kind, input_shape, outputs)
