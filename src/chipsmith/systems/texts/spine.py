"""The spine of the page: three generations of learning, three of chips, ten systems, and what belongs to each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from chipsmith.systems.row import Generation


class LearningGeneration(StrEnum):
    """How machines learn, in the order in which the ways came."""

    SHALLOW = "shallow"
    """The perceptron and statistical learners of one layer."""
    DEEP = "deep"
    """Deep networks trained by back-propagation: convolutional and recurrent."""
    GENERATIVE = "generative"
    """Networks at scale that learn without labels and generate: autoencoders, attention, transformers."""


class ChipGeneration(StrEnum):
    """What networks are computed on, in the order in which it came."""

    GENERAL = "general"
    """General-purpose processors of one core, then of many."""
    GRAPHICS = "graphics"
    """GPUs."""
    PURPOSE_BUILT = "purpose-built"
    """Dedicated accelerators, and the hope in quantum processors."""


CHIP_GROUPS: Mapping[ChipGeneration, tuple[Generation, ...]] = MappingProxyType(
    {
        ChipGeneration.GENERAL: (Generation.ONE_CORE, Generation.MANY_CORES),
        ChipGeneration.GRAPHICS: (Generation.GPU,),
        ChipGeneration.PURPOSE_BUILT: (Generation.DEDICATED, Generation.QUANTUM),
    }
)
"""Which groups of rows stand under which generation of chips."""

RECIPES: Mapping[LearningGeneration, tuple[str, ...]] = MappingProxyType(
    {
        LearningGeneration.SHALLOW: ("diabetes", "sentiment", "digits_private"),
        LearningGeneration.DEEP: (
            "digits",
            "cifar10",
            "cifar10_short",
            "cifar10_pretrained",
            "spoken_digits",
            "wake_word",
            "power_lstm",
            "vowels_gru",
        ),
        LearningGeneration.GENERATIVE: ("anomaly", "vae", "shakespeare"),
    }
)
"""Which of Chipsmith's own recipes belong to which generation of learning."""


class NamedSystem(StrEnum):
    """The ten systems that the page names in its text, each for what its published rows show."""

    NUCLEO_L4R5 = "nucleo-l4r5"
    NUCLEO_H7A3 = "nucleo-h7a3"
    NUCLEO_U385 = "nucleo-u385"
    EK_RA8D1 = "ek-ra8d1"
    SPACEMIT_K1 = "k1"
    JETSON_NANO = "jetson-nano"
    NUCLEO_H7P5 = "nucleo-h7p5"
    SYNTIANT_NDP9120 = "syntiant-ndp9120"
    GAP9 = "gap9"
    ZC706 = "zc706"
