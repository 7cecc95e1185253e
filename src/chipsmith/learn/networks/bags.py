"""Texts as bags of tokens: which are there counts, not their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from chipsmith.errors import BadInput
from chipsmith.learn.networks.base import Dropout, Network, Shape, Size, require_outputs, require_rank

if TYPE_CHECKING:
    from torch import nn


class BagOfTokens(Network):
    """Mean of the embeddings of a text's tokens, then dense layers (Joulin et al. 2016, arxiv.org/abs/1607.01759).

    Tokens (T,) -> (n, outputs). `width` is that of an embedding, `hidden` are the widths of dense layers with ReLU
    after the mean; `dropout` follows the mean and each of them.
    """

    kind: Literal["bag_of_tokens"] = "bag_of_tokens"
    vocabulary: Size | None = None
    width: Size = 32
    hidden: Annotated[tuple[Size, ...], Field(max_length=8)] = ()
    dropout: Dropout = 0.0

    def takes_tokens(self) -> bool:
        """See Network.takes_tokens."""
        return True

    def build(self, *, input_shape: Shape, outputs: int) -> nn.Module:
        """See Network.build; BadInput where no vocabulary is given."""
        from chipsmith.learn.networks.modules.bags import TokenBag

        require_rank(self.kind, input_shape, rank=1, axes="steps")
        require_outputs(self.kind, outputs)
        if self.vocabulary is None:
            raise BadInput("network 'bag_of_tokens' needs the number of tokens: vocabulary")
        return TokenBag(
            vocabulary=self.vocabulary,
            steps=input_shape[0],
            widths=(self.width, *self.hidden, outputs),
            dropout=self.dropout,
        )
