"""Tasks without labels on any data set: rebuild what is normal, or make more of the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from chipsmith.errors import BadInput
from chipsmith.learn.data.dataset import Dataset
from chipsmith.learn.data.examples import Examples, Indices, InputsAsTargets
from chipsmith.learn.data.section import DataSection
from chipsmith.learn.data.task import Task

if TYPE_CHECKING:
    from chipsmith.learn.data.settings import DataSettings

ANOMALY_NAMES = ("normal", "anomaly")


class AnomalyData(DataSection):
    """Find what is not normal by how badly it is rebuilt.

    Recipe: `data: {kind: anomaly, data: {kind: digits}, normal: ["1"]}`. Training and validation see the `normal`
    classes of `data` alone; the test part is all of its test part, with the other classes as anomalies. Inputs are also
    the targets; `targets` of a part are 0 normal, 1 anomaly. A scale that `data` fits is fitted on its whole training
    part, other classes among them; nothing else is known of these.
    """

    kind: Literal["anomaly"] = "anomaly"
    data: DataSettings
    normal: tuple[str, ...] = Field(min_length=1, description="names of the classes that are normal")

    def load(self, *, seed: int) -> Dataset:
        """The data set. Raises BadInput where `normal` names an unknown class, or all of them."""
        data = _classified(self.data.load(seed=seed), "anomaly")
        unknown = set(self.normal) - set(data.class_names)
        if unknown or set(self.normal) == set(data.class_names):
            what = ", ".join(sorted(unknown)) + " is no class" if unknown else "every class is normal"
            raise BadInput(f"anomaly: {what}; {data.name} has the classes {', '.join(data.class_names)}")
        normal = np.array([data.class_names.index(name) for name in self.normal])
        return replace(
            data,
            name=f"{data.name}-anomaly",
            source=f"{data.source}; normal: {', '.join(self.normal)}",
            task=Task.RECONSTRUCTION,
            class_names=ANOMALY_NAMES,
            train=_normal(data.train, normal),
            validation=_normal(data.validation, normal),
            test=_marked(data.test, normal),
        )


class GenerationData(DataSection):
    """Make more of the same: any data set's inputs, without its classes, for a variational autoencoder.

    Recipe: `data: {kind: generation, data: {kind: digits}}`. `classes` keeps some classes alone. `targets` of a part
    are all 0.
    """

    kind: Literal["generation"] = "generation"
    data: DataSettings
    classes: tuple[str, ...] | None = Field(default=None, description="names of the classes to keep; all")

    def load(self, *, seed: int) -> Dataset:
        """The data set. Raises BadInput where `classes` names an unknown class."""
        data = _classified(self.data.load(seed=seed), "generation")
        wanted = self.classes or data.class_names
        unknown = set(wanted) - set(data.class_names)
        if unknown:
            raise BadInput(f"generation: {', '.join(sorted(unknown))} is no class of {', '.join(data.class_names)}")
        kept = np.array([data.class_names.index(name) for name in wanted])
        return replace(
            data,
            name=f"{data.name}-generation",
            task=Task.GENERATION,
            class_names=ANOMALY_NAMES,
            train=_normal(data.train, kept),
            validation=_normal(data.validation, kept),
            test=_normal(data.test, kept),
        )


def _classified(data: Dataset, kind: str) -> Dataset:
    if data.task is not Task.CLASSIFICATION or data.input_dtype != "float32":
        raise BadInput(f"{kind}: {data.name} is no set of classes with inputs of real numbers")
    return data


def _normal(part: Examples, classes: Indices) -> InputsAsTargets:
    """The examples of these classes alone. Raises BadInput where there is none."""
    kept = part.select(np.flatnonzero(np.isin(part.targets, classes)))
    return InputsAsTargets(examples=kept, anomalous=np.zeros(len(kept), np.int64))


def _marked(part: Examples, normal: Indices) -> InputsAsTargets:
    return InputsAsTargets(examples=part, anomalous=(~np.isin(part.targets, normal)).astype(np.int64))
