"""What a run was asked for and what it was made of, in the form that its record keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from chipsmith.errors import BadInput
from chipsmith.learn import Dataset, Recipe, Task
from chipsmith.learn.data import Examples
from chipsmith.learn.inspection import Inspected
from chipsmith.learn.recipe import parse_recipe, shipped_recipes
from chipsmith.reports.comparison.fields import flatten_fields
from chipsmith.reports.run_facts import (
    CommandRecord,
    LayerParameters,
    ParametersRecord,
    RecipeChange,
    RecipeRecord,
    SplitPart,
    SplitsRecord,
)

if TYPE_CHECKING:
    import torch


_SPLIT_WORDS = ("test part", "stretches", "split")
"""Where a data set says one of these of itself, it says how it is split."""


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What a run was asked for: its recipe, and what repeats the call, where that is known."""

    recipe: RecipeRecord
    command: CommandRecord | None = None


def describe_recipe(recipe: Recipe, named: str | Path | Recipe | None = None) -> RecipeRecord:
    """The recipe whole, and what differs from the one that was `named`.

    Of a Recipe that is given as such, from the shipped one of its name, if there is one.
    """
    base, origin = _find_base(recipe, named)
    changes = (
        () if base is None else tuple(recipe_changes(base.model_dump(mode="json"), recipe.model_dump(mode="json")))
    )
    return RecipeRecord(yaml=recipe_yaml(recipe), base=origin, changes=changes)


def recipe_yaml(recipe: Recipe) -> str:
    """The recipe as a YAML text that `load_recipe` reads back to an equal one."""
    return yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=120)


def _find_base(recipe: Recipe, named: str | Path | Recipe | None) -> tuple[Recipe | None, str]:
    name = recipe.name if named is None or isinstance(named, Recipe) else str(named)
    shipped = name in shipped_recipes()
    if not shipped and name == recipe.name:
        return None, ""
    try:
        return parse_recipe(name), f"the shipped recipe {name}" if shipped else f"the file {name}"
    except BadInput:  # what settings made whole is no recipe alone
        return None, ""


def recipe_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[RecipeChange]:
    """The fields, as dotted paths, in which two recipes differ, in the order of the first and then of the second."""
    old, new = dict(flatten_fields(before)), dict(flatten_fields(after))
    for field in dict.fromkeys((*old, *new)):
        if old.get(field) != new.get(field):
            yield RecipeChange(field=field, before=old.get(field), after=new.get(field))


# --- data and network -------------------------------------------------------------------------------------------------


def describe_splits(inspected: Inspected, recipe: Recipe) -> SplitsRecord:
    """How the data are split; of a private training's examples stands no hash, which would tell who is among them."""
    data = inspected.data
    private = recipe.training.privacy is not None
    parts = (
        SplitPart(name="training", examples=len(data.train), sha256="" if private else hash_examples(data.train)),
        SplitPart(name="validation", examples=len(data.validation), sha256=hash_examples(data.validation)),
        SplitPart(name="test", examples=len(data.test), sha256=hash_examples(data.test)),
    )
    return SplitsRecord(how=_describe_split(data, inspected.loaded), seed=recipe.seed, parts=parts)


def hash_examples(examples: Examples) -> str:
    """The SHA-256 of the hashes of some examples in their order, in hexadecimal digits."""
    return hashlib.sha256(examples.digests.tobytes()).hexdigest()


def _describe_split(data: Dataset, loaded: Dataset) -> str:
    if any(word in data.source for word in _SPLIT_WORDS):
        return data.source
    if loaded.test.groups is not None:
        return f"{data.source}; whole groups are held out"
    proportion = ", each part with the classes in proportion" if loaded.task is Task.CLASSIFICATION else ""
    return f"{data.source}; drawn at random{proportion}"


def count_parameters(module: torch.nn.Module) -> ParametersRecord:
    """The parameters of a network, layer by layer; a tensor that several layers share counts once."""
    layers: list[LayerParameters] = []
    seen: set[int] = set()
    for path, part in module.named_modules():
        own = [tensor for tensor in part.parameters(recurse=False) if id(tensor) not in seen]
        seen |= {id(tensor) for tensor in own}
        if own:
            layers.append(
                LayerParameters(
                    layer=path or "the network",
                    kind=type(part).__name__,
                    shapes=tuple("x".join(map(str, tensor.shape)) or "1" for tensor in own),
                    count=sum(tensor.numel() for tensor in own),
                )
            )
    fixed = sum(tensor.numel() for tensor in module.buffers())
    return ParametersRecord(total=sum(layer.count for layer in layers), fixed=fixed, layers=tuple(layers))
