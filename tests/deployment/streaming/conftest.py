"""A small listener: tones, low or high, told apart by a linear layer on log-mel spectra, on nano-64."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile
import torch
from tones import RATE_HZ, deploy, tone

from chipsmith.learn.data import Features, SoundFolderData
from chipsmith.program.file import write_program
from chipsmith.program.program import Program


@pytest.fixture(scope="session")
def listener(tmp_path_factory) -> Program:
    """The mean of the upper bands less that of the lower: low tones and high ones."""
    folder = tmp_path_factory.mktemp("tones")
    for name, pitch_hz in (("low", 300), ("high", 2_000)):
        (folder / name).mkdir()
        for number in range(12):
            soundfile.write(folder / name / f"{number}.wav", tone(pitch_hz, 0.4, seed=number), RATE_HZ)
    features = Features(seconds=0.4, mels=8, window=128, hop=64)
    data = SoundFolderData(path=str(folder), features=features).load(seed=0)
    bands = torch.linspace(-1, 1, 8)[:, None].expand(8, data.input_shape[2]).flatten() * 0.05
    linear = torch.nn.Linear(len(bands), 2)
    with torch.no_grad():
        linear.weight.copy_(torch.stack([bands, -bands]))  # classes in order: high, low
        linear.bias.zero_()
    return deploy(torch.nn.Sequential(torch.nn.Flatten(), linear), data)


@pytest.fixture
def listener_file(listener, tmp_path) -> Path:
    path = tmp_path / "tones.program"
    write_program(listener, path)
    return path
