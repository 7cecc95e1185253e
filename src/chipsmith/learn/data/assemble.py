"""Putting a Dataset together from its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import NDArray

from chipsmith.learn.data.dataset import Dataset, TargetScaling
from chipsmith.learn.data.examples import ArrayExamples, Decoder, Examples, GroupedExamples, Indices, LazyExamples
from chipsmith.learn.data.origin import Origin
from chipsmith.learn.data.splits import Split
from chipsmith.learn.data.targets import Targets
from chipsmith.learn.data.task import Task
from chipsmith.learn.preprocessing import Preprocessing

Parts = tuple[Examples, Examples, Examples]


def assemble(
    *,
    name: str,
    source: str,
    class_names: Sequence[str],
    parts: Parts,
    preprocessing: Preprocessing,
    task: Task = Task.CLASSIFICATION,
    target_scaling: TargetScaling | None = None,
    origin: Origin | None = None,
) -> Dataset:
    """The data set of a training, validation and test part; shape and type are those of the first example."""
    example = parts[0].first(1).whole().inputs
    return Dataset(
        name=name,
        source=source,
        task=task,
        class_names=tuple(class_names),
        input_shape=example.shape[1:],
        input_dtype=str(example.dtype),
        train=parts[0],
        validation=parts[1],
        test=parts[2],
        preprocessing=preprocessing,
        target_scaling=target_scaling,
        origin=origin,
    )


def assemble_arrays(
    *, name: str, source: str, values: NDArray[Any], targets: Targets, origin: Origin, preprocessing: Preprocessing
) -> Dataset:
    """The data set of examples in memory, which the preprocessing has read (n, ...) and now scales."""
    split = origin.split
    wanted, scaling = targets.scaled(split.train)
    return assemble(
        name=name,
        source=source,
        task=targets.task,
        class_names=targets.names,
        parts=array_parts(preprocessing.finish(values), wanted, split),
        preprocessing=preprocessing,
        target_scaling=scaling,
        origin=origin,
    )


def array_parts(inputs: NDArray[Any], targets: NDArray[Any], split: Split) -> Parts:
    """The three parts of arrays in memory."""
    return _three(split, lambda part: ArrayExamples(inputs=inputs[part], all_targets=targets[part]))


def lazy_parts(decoder: Decoder, targets: NDArray[Any], split: Split) -> Parts:
    """The three parts of items that are decoded as they are asked for."""
    return _three(split, lambda part: LazyExamples(decoder=decoder, items=part, all_targets=targets[part]))


def _three(split: Split, make: Callable[[Indices], Examples]) -> Parts:
    train, validation, test = (
        make(part) if split.groups is None else GroupedExamples(examples=make(part), all_groups=split.groups[part])
        for part in (split.train, split.validation, split.test)
    )
    return train, validation, test
