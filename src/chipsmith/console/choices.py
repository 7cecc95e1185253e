"""The words that an option takes of a closed set, for a shell to offer; read where they are defined, when asked."""

from __future__ import annotations

from collections.abc import Iterator


def suggest_run_orders() -> Iterator[str]:
    """What `runs` sorts by."""
    from chipsmith.flow.run_list import RunOrder

    yield from RunOrder


def suggest_trackers() -> Iterator[str]:
    """The tools that are told of a training."""
    from chipsmith.flow.tracking.tracker import TrackerKind

    yield from TrackerKind


def suggest_stages() -> Iterator[str]:
    """What can be printed of a compilation."""
    from chipsmith.compiler.stage import CompilerStage

    yield from ("quantise", *CompilerStage)


def suggest_range_methods() -> Iterator[str]:
    """The ways to choose the ranges of a float network."""
    from chipsmith.quantisation.settings import RangeMethod

    yield from RangeMethod


def suggest_targets() -> Iterator[str]:
    """What runs a network."""
    from chipsmith.targets import target_names

    yield from target_names()


def suggest_runtimes() -> Iterator[str]:
    """The libraries of the target cpu."""
    from chipsmith.runtimes.runtime import Runtime

    yield from Runtime


def suggest_precisions() -> Iterator[str]:
    """What the target cpu computes in."""
    from chipsmith.targets.target import Precision

    yield from Precision


def suggest_boards() -> Iterator[str]:
    """The emulated boards of the target c."""
    from chipsmith.codegen.boards.catalogue import BOARDS

    yield from BOARDS


def suggest_methods() -> Iterator[str]:
    """The ways to make a network smaller."""
    from chipsmith.studies.methods import Method

    yield from Method


def suggest_parts() -> Iterator[str]:
    """The parts of the data that a program is judged on."""
    from chipsmith.flow.judging import DataPart

    yield from DataPart


def suggest_sample_formats() -> Iterator[str]:
    """How raw sound is written."""
    from chipsmith.deployment.streaming.sound_feed import SampleFormat

    yield from SampleFormat


def suggest_scaling_axes() -> Iterator[str]:
    """What a network is scaled over."""
    from chipsmith.studies.scaling.axes import ScalingAxis

    yield from ScalingAxis


def suggest_systems() -> Iterator[str]:
    """The groups of hardware that are compared."""
    from chipsmith.flow.generations import SystemGroup

    yield from SystemGroup


def suggest_languages() -> Iterator[str]:
    """The languages of a page."""
    from chipsmith.systems.texts.languages import Language

    yield from Language


def suggest_operators() -> Iterator[str]:
    """The operators of TOSA's integer profile."""
    from chipsmith.tosa.operators import OPERATORS

    yield from (kind.lower() for kind in OPERATORS)


def suggest_sources() -> Iterator[str]:
    """What sources a network is left as."""
    yield "c"


def suggest_kernels() -> Iterator[str]:
    """The kinds of single layers."""
    from chipsmith.kernels.catalogue import KERNEL_KINDS

    yield from KERNEL_KINDS


def suggest_dtypes() -> Iterator[str]:
    """What activations of a single layer are."""
    yield from ("int8", "int16")
