"""Networks of `transformers`, small and with random weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from doors.modules import ModuleNetwork, Port, image, list_modules, seeded
from doors.subject import Subject

if TYPE_CHECKING:
    import torch
    from torch import nn

VOCABULARY = 100
TEXT = (Port(name="x", shape=(1, 32), tokens=VOCABULARY),)
NETWORKS = (
    ModuleNetwork(function="bert", ports=TEXT),
    ModuleNetwork(function="distilbert", ports=TEXT),
    ModuleNetwork(function="gpt2", ports=TEXT),
    ModuleNetwork(function="vit", ports=image(3, 32)),
    ModuleNetwork(function="segformer", ports=image(3, 64)),
    ModuleNetwork(function="whisper_encoder", ports=(Port(name="x", shape=(1, 80, 64)),)),
    ModuleNetwork(function="wav2vec2", ports=(Port(name="x", shape=(1, 1600)),)),
)


def list_subjects() -> Sequence[Subject]:
    return list_modules("transformers", NETWORKS)


def select(network: nn.Module, argument: str, *outputs: str) -> nn.Module:
    """The network with one argument, `x`, and these outputs alone: its own are a dictionary with many that are None."""
    from torch import nn

    class Selected(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
            result = self.network(**{argument: x})
            return tuple(result[name] for name in outputs)

    return Selected()


@seeded
def bert() -> nn.Module:
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=VOCABULARY,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=64,
    )
    return select(BertModel(config), "input_ids", "last_hidden_state", "pooler_output")


@seeded
def distilbert() -> nn.Module:
    from transformers import DistilBertConfig, DistilBertModel

    config = DistilBertConfig(
        vocab_size=VOCABULARY,
        dim=64,
        n_layers=2,
        n_heads=4,
        hidden_dim=128,
        max_position_embeddings=64,
    )
    return select(DistilBertModel(config), "input_ids", "last_hidden_state")


@seeded
def gpt2() -> nn.Module:
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(vocab_size=VOCABULARY, n_embd=64, n_layer=2, n_head=4, n_positions=64, use_cache=False)
    return select(GPT2LMHeadModel(config), "input_ids", "logits")


@seeded
def vit() -> nn.Module:
    from transformers import ViTConfig, ViTForImageClassification

    config = ViTConfig(
        image_size=32,
        patch_size=8,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
    )
    return select(ViTForImageClassification(config), "pixel_values", "logits")


@seeded
def segformer() -> nn.Module:
    from transformers import SegformerConfig, SegformerForSemanticSegmentation

    config = SegformerConfig(
        depths=[1, 1, 1, 1],
        hidden_sizes=[16, 32, 48, 64],
        num_attention_heads=[1, 2, 2, 4],
        decoder_hidden_size=32,
        num_labels=5,
    )
    return select(SegformerForSemanticSegmentation(config), "pixel_values", "logits")


@seeded
def whisper_encoder() -> nn.Module:
    from transformers import WhisperConfig
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    config = WhisperConfig(
        d_model=64,
        encoder_layers=2,
        encoder_attention_heads=4,
        encoder_ffn_dim=128,
        max_source_positions=32,
    )
    return select(WhisperEncoder(config), "input_features", "last_hidden_state")


@seeded
def wav2vec2() -> nn.Module:
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    config = Wav2Vec2Config(
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        conv_dim=(32, 32, 32),
        conv_stride=(5, 4, 2),
        conv_kernel=(10, 4, 2),
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=4,
    )
    return select(Wav2Vec2Model(config), "input_values", "last_hidden_state")
