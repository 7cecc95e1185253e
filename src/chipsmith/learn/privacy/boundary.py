"""What the promise of a private training does not cover, by name. What is not known to be fixed counts as learned."""

from __future__ import annotations

from collections.abc import Iterator

from chipsmith.learn.data import Dataset
from chipsmith.learn.data.images import BRIGHTEST, IMAGENET
from chipsmith.learn.preprocessing import ColumnsReader, Standardise
from chipsmith.learn.recipe import Recipe


def outside_of_promise(recipe: Recipe, dataset: Dataset) -> tuple[str, ...]:
    """What of the result is not bounded by epsilon and delta, in sentences; none for a recipe without privacy."""
    return () if recipe.training.privacy is None else tuple(_outside(recipe, dataset))


def _outside(recipe: Recipe, dataset: Dataset) -> Iterator[str]:
    privacy = recipe.training.privacy
    if privacy is not None and privacy.noise == "seeded":
        yield (
            f"the noise is drawn from the recipe's seed: to whoever knows {recipe.seed} nothing is hidden; "
            "training.privacy.noise=fresh hides"
        )
    yield from (f"{step}, taken from the training examples as they are" for step in _learned(dataset))
    yield (
        f"{len(dataset.validation):,} validation examples, of which the curves and the ranges of int8 are, and "
        f"{len(dataset.test):,} test examples: they are not protected"
    )
    yield "the settings of the recipe, where somebody chose them by what they did on these data"
    yield f"how many training examples there are ({len(dataset.train):,}), their shape and the names of their classes"
    yield (
        "what the look at the data found: counts by class, duplicates, ranges and findings in result.json and on the "
        "page are of the training examples too; pass the program on without them"
    )
    if dataset.train.groups is not None:
        yield "groups of examples, such as a speaker's: a single example is protected, not all of a group"
    if recipe.weights is not None:
        yield f"what {recipe.weights} was trained on"


def _learned(dataset: Dataset) -> Iterator[str]:
    """What was fitted on the training part, as far as it is not a constant that is known here."""
    for step in dataset.preprocessing.steps:
        if not _is_constant(step):
            yield f"preprocessing step {step.kind}"
    if dataset.preprocessing.vocabulary_size is not None:
        yield f"the vocabulary of {dataset.preprocessing.vocabulary_size:,} tokens"
    if dataset.target_scaling is not None:
        yield "the scale of the targets"
    reader = dataset.preprocessing.reader
    if isinstance(reader, ColumnsReader) and reader.worded_names:
        yield f"the words of column {', '.join(reader.worded_names)}"


def _is_constant(step: object) -> bool:
    if not isinstance(step, Standardise):
        return False
    unit = set(step.mean) == {0.0} and set(step.std) == {BRIGHTEST}
    return unit or step == IMAGENET
