"""A data set whose inputs are reduced to their principal components."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.learn.data import ArrayExamples, Dataset, Examples, GroupedExamples
from chipsmith.learn.preprocessing import Preprocessing, PrincipalComponents, Standardise

_BATCH = 250
"""Examples that are read at a time."""


def as_components(dataset: Dataset, count: int) -> Dataset:
    """The data set with inputs float32 (count): its first principal components, each with mean 0 and deviation 1.

    Directions, means and deviations are those of the training part, and become steps of the preprocessing. Raises
    BadInput where the inputs are tokens, or have fewer components.
    """
    if dataset.input_dtype != "float32":
        raise BadInput(f"data set {dataset.name}: tokens have no principal components; leave them out of the recipe")
    values = dataset.train.whole().inputs
    components = PrincipalComponents.fit(values, count=count)
    steps = (components, Standardise.fit(components.apply(values), axis=0))
    before = dataset.preprocessing
    reduction = Preprocessing(reader=before.reader, steps=steps)
    train, validation, test = (_reduce(part, reduction) for part in (dataset.train, dataset.validation, dataset.test))
    return replace(
        dataset,
        source=f"{dataset.source}; {count} principal components, fitted on the training part",
        input_shape=(count,),
        train=train,
        validation=validation,
        test=test,
        preprocessing=Preprocessing(reader=before.reader, steps=(*before.steps, *steps)),
        origin=None,
    )


def _reduce(part: Examples, reduction: Preprocessing) -> Examples:
    inputs = np.concatenate([reduction.finish(batch.inputs) for batch in part.batches(_BATCH)])
    examples = ArrayExamples(inputs=inputs, all_targets=part.targets)
    return examples if part.groups is None else GroupedExamples(examples=examples, all_groups=part.groups)
