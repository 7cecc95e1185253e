"""Tones to listen to, and networks as they are, deployed on nano-64."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch

from chipsmith.chip import load_chip
from chipsmith.compiler.network import compile_network
from chipsmith.deployment.deployment import Deployment
from chipsmith.frontends.pytorch.network import lower_module
from chipsmith.learn.data import Dataset
from chipsmith.program.program import Program

RATE_HZ = 8_000


def tone(pitch_hz: float, seconds: float, *, seed: int = 0, rate_hz: int = RATE_HZ) -> np.ndarray:
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    noise = np.random.default_rng(seed).normal(0, 0.01, len(times))
    return (0.5 * np.sin(2 * np.pi * pitch_hz * times) + noise).astype(np.float32)


def deploy(module: torch.nn.Module, data: Dataset) -> Program:
    """The module, as it is, on nano-64, with the data set's deployment."""
    example = (torch.zeros(1, *data.input_shape, dtype=getattr(torch, data.input_dtype)),)
    lowered = lower_module(module.eval(), example, (data.train.first(16).whole().inputs,), name=data.name)
    program = compile_network(lowered.graph, load_chip("nano-64"))
    manifest = dataclasses.replace(program.manifest, deployment=Deployment.of(data, lowered).model_dump_json())
    return dataclasses.replace(program, manifest=manifest)
