"""Networks of `speechbrain` on features of sound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from doors.modules import ModuleNetwork, Port, list_modules, seeded, stand_in
from doors.subject import Subject

if TYPE_CHECKING:
    import torch
    from torch import nn

SOUND = ("torchaudio", "torchaudio.transforms", "torchaudio.functional")
FEATURES = {"ecapa_tdnn": (64, 40), "x_vector": (64, 40), "crdnn": (32, 40), "conformer": (32, 64)}
"""The networks, and the steps and features of their input."""


def list_subjects() -> Sequence[Subject]:
    networks = [
        ModuleNetwork(function=name, ports=(Port(name="x", shape=(1, *shape)),)) for name, shape in FEATURES.items()
    ]
    return list_modules("speechbrain", networks)


@seeded
def ecapa_tdnn() -> nn.Module:
    stand_in(*SOUND)
    from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN

    channels = [64, 64, 64, 64, 192]
    return ECAPA_TDNN(40, lin_neurons=64, channels=channels, attention_channels=32, se_channels=32)


@seeded
def x_vector() -> nn.Module:
    stand_in(*SOUND)
    from speechbrain.lobes.models.Xvector import Xvector

    return Xvector(in_channels=40, tdnn_channels=[64, 64, 64, 64, 128], lin_neurons=64)


@seeded
def crdnn() -> nn.Module:
    stand_in(*SOUND)
    from speechbrain.lobes.models.CRDNN import CRDNN

    return CRDNN(
        input_size=40,
        cnn_blocks=1,
        cnn_channels=[16],
        rnn_layers=1,
        rnn_neurons=32,
        rnn_bidirectional=False,
        dnn_neurons=32,
    )


@seeded
def conformer() -> nn.Module:
    stand_in(*SOUND)
    from speechbrain.lobes.models.transformer.Conformer import ConformerEncoder
    from speechbrain.nnet.attention import RelPosEncXL
    from torch import nn

    class WithPositions(nn.Module):
        """An encoder and the positions that it takes beside its input."""

        def __init__(self) -> None:
            super().__init__()
            self.encoder = ConformerEncoder(num_layers=2, d_model=64, d_ffn=128, nhead=4, kernel_size=7)
            self.positions = RelPosEncXL(64)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.encoder(x, pos_embs=self.positions(x))[0]

    return WithPositions()
