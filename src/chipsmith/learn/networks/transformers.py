"""Transformers: encoder classifier, causal language model, vision transformer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from chipsmith.errors import BadInput
from chipsmith.learn.networks.base import Dropout, Network, Shape, Size, require_outputs, require_rank

if TYPE_CHECKING:
    from torch import nn

    from chipsmith.learn.networks.modules.transformers import TransformerEncoder


class _TransformerFamily(Network):
    """What the transformers share (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762).

    `layers` blocks of `width`: attention with `heads` and a dense part of `feed_forward` with GELU, each with a
    LayerNorm before it and its input going past. Positions are learned, so that the length is fixed.
    """

    width: Size = 64
    heads: Size = 4
    layers: Annotated[int, Field(ge=1, le=64)] = 2
    feed_forward: Size = 128
    dropout: Dropout = 0.0

    @model_validator(mode="after")
    def _whole_heads(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"width {self.width} must be a multiple of heads {self.heads}")
        return self

    def _encoder(self, *, steps: int, causal: bool) -> TransformerEncoder:
        from chipsmith.learn.networks.modules.transformers import build_encoder

        return build_encoder(
            layers=self.layers,
            width=self.width,
            heads=self.heads,
            feed_forward=self.feed_forward,
            dropout=self.dropout,
            steps=steps,
            causal=causal,
        )


class Transformer(_TransformerFamily):
    """TransformerEncoder that classifies a sequence, or regresses from it, by the mean of its last layer.

    (T, features), or tokens (T,) with `vocabulary` -> (n, outputs).
    """

    kind: Literal["transformer"] = "transformer"
    vocabulary: Size | None = None

    def takes_tokens(self) -> bool:
        """See Network.takes_tokens."""
        return self.vocabulary is not None

    def build(self, *, input_shape: Shape, outputs: int) -> nn.Module:
        """See Network.build."""
        from chipsmith.learn.networks.modules.transformers import SequenceClassifier

        axes = "steps" if self.takes_tokens() else "steps, features"
        require_rank(self.kind, input_shape, rank=1 if self.takes_tokens() else 2, axes=axes)
        require_outputs(self.kind, outputs)
        return SequenceClassifier(
            features=input_shape[-1],
            vocabulary=self.vocabulary,
            encoder=self._encoder(steps=input_shape[0], causal=False),
            width=self.width,
            outputs=outputs,
        )


class CausalTransformer(_TransformerFamily):
    """Language model: each step sees itself and those before it.

    Tokens (T,) -> logits of the next token (n, T, outputs); `outputs` is the vocabulary.
    """

    kind: Literal["causal_transformer"] = "causal_transformer"

    def takes_tokens(self) -> bool:
        """See Network.takes_tokens."""
        return True

    def build(self, *, input_shape: Shape, outputs: int) -> nn.Module:
        """See Network.build."""
        from chipsmith.learn.networks.modules.transformers import LanguageModel

        require_rank(self.kind, input_shape, rank=1, axes="steps")
        require_outputs(self.kind, outputs)
        return LanguageModel(
            vocabulary=outputs, encoder=self._encoder(steps=input_shape[0], causal=True), width=self.width
        )


class VisionTransformer(_TransformerFamily):
    """Transformer over square patches of an image (Dosovitskiy et al. 2020, https://arxiv.org/abs/2010.11929).

    Images (channels, height, width) -> logits (n, outputs), from the mean over the patches and not from a class
    token: one row less in every matrix product. Sides must be multiples of `patch`.
    """

    kind: Literal["vit"] = "vit"
    patch: Annotated[int, Field(ge=1, le=64)] = 4

    def build(self, *, input_shape: Shape, outputs: int) -> nn.Module:
        """See Network.build."""
        from chipsmith.learn.networks.modules.transformers import PatchClassifier

        require_rank(self.kind, input_shape, rank=3, axes="channels, height, width")
        require_outputs(self.kind, outputs)
        channels, height, width = input_shape
        if height % self.patch or width % self.patch:
            raise BadInput(f"network 'vit' cuts patches of {self.patch} and the image is {height} x {width}")
        patches = (height // self.patch) * (width // self.patch)
        return PatchClassifier(
            channels=channels,
            patch=self.patch,
            encoder=self._encoder(steps=patches, causal=False),
            width=self.width,
            outputs=outputs,
        )
