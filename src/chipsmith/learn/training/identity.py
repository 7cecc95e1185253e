"""Which training a checkpoint belongs to: all that its bits depend on."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import chipsmith
from chipsmith.cache import content_key
from chipsmith.extras import installed_version
from chipsmith.learn.data.dataset import Dataset
from chipsmith.learn.data.fingerprint import Digests, describe_difference
from chipsmith.learn.tensor_files import hash_tensors
from chipsmith.learn.training.measure import measure
from chipsmith.learn.training.settings import TrainingSettings

if TYPE_CHECKING:
    import torch

_PACKAGES = ("torch", "numpy")
"""Whose other versions may give other bits, beside Chipsmith's own."""
_DECODERS = {"image": ("pillow",), "sound": ("scipy", "librosa", "soundfile", "soxr")}
"""The same of what decodes raw data, by the kind of their reader."""
_PROBED_EXAMPLES = 16
_SAME_LOSS = 1e-3
"""Relative: another processor sums in another order, another activation gives another loss."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingIdentity:
    """All that must be the same for a training to go on to the bits of one that was never interrupted.

    `fields` are plain values by dotted name; `examples` the digests of the parts that training looks at; `first_loss`
    the network's loss before the first step: it tells networks apart whose code is different and whose parameters are
    not.
    """

    fields: Mapping[str, Any]
    examples: Mapping[str, Digests]
    first_loss: float

    def difference(self, other: TrainingIdentity) -> str | None:
        """What differs first in `other`, which is asked for now, in a few words; None where nothing does."""
        return next(self._differences(other), None)

    def key(self) -> str:
        """A name for all of it, for a cache."""
        fields = json.dumps([dict(self.fields), f"{self.first_loss:.3g}"]).encode()
        return content_key([fields, *(digests.tobytes() for digests in self.examples.values())])

    def _differences(self, other: TrainingIdentity) -> Iterator[str]:
        yield from compare_fields(self.fields, other.fields)
        for part, digests in other.examples.items():
            different = describe_difference(part, self.examples[part], digests)
            if different is not None:
                yield different
        before, now = self.first_loss, other.first_loss
        if not math.isclose(before, now, rel_tol=_SAME_LOSS) and not math.isnan(before + now):
            yield f"its network began with a loss of {before:.6g} on the first training examples, here with {now:.6g}"


def identify_training(
    module: torch.nn.Module,
    dataset: Dataset,
    *,
    settings: TrainingSettings,
    seed: int,
    loss: object,
    work: Mapping[str, Any],
) -> TrainingIdentity:
    """The identity of a training that is about to begin with this module; `work` adds fields, nested or not.

    Every training and validation example is hashed once, and the module is run on the first few, in evaluation mode.
    """
    fields = {
        "versions": bit_versions(dataset),
        **work,
        "seed": seed,
        "training": settings.model_dump(mode="json"),
        "loss": None if loss is None else getattr(loss, "__qualname__", type(loss).__qualname__),
        "data set": dataset.name,
        "task": dataset.task.value,
        "classes": list(dataset.class_names),
        "data's preprocessing": dataset.preprocessing.model_dump(mode="json"),
        "modules": {name or "whole": _describe(part) for name, part in module.named_modules()},
        "parameters": {name: list(tensor.shape) for name, tensor in module.state_dict().items()},
        "first weights": hash_tensors(module.state_dict()),
    }
    return TrainingIdentity(
        fields=dict(flatten_fields(fields)),
        examples={"training": dataset.train.digests, "validation": dataset.validation.digests},
        first_loss=_first_loss(module, dataset, settings.device),
    )


def bit_versions(dataset: Dataset) -> dict[str, str | None]:
    """The versions of what the bits of a training on this data set depend on, by package."""
    packages = (*_PACKAGES, *_DECODERS.get(dataset.preprocessing.reader.kind, ()))
    return {"chipsmith": chipsmith.__version__, **{package: installed_version(package) for package in packages}}


def _first_loss(module: torch.nn.Module, dataset: Dataset, device: str) -> float:
    import torch

    with torch.random.fork_rng(devices=[]):  # a generative network may draw
        torch.manual_seed(0)
        return measure(module.eval(), dataset.train.first(_PROBED_EXAMPLES), dataset.task, device=device)[0]


def _describe(module: torch.nn.Module) -> str:
    """Its class and settings, without what it is made of."""
    return " ".join(f"{type(module).__name__}({module.extra_repr()})".split())


def compare_fields(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Each field that differs, with both values, in a few words."""
    for name in {**now, **before}:
        if before.get(name) != now.get(name):
            yield f"its {name} is {_short(before.get(name))}, here it is {_short(now.get(name))}"


def flatten_fields(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The values of nested mappings and of lists of mappings, by dotted name."""
    if isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        value = {str(index): item for index, item in enumerate(value)}
    if not isinstance(value, dict) or not value:
        yield name, value
        return
    for key, item in value.items():
        yield from flatten_fields(item, f"{name}.{key}" if name else str(key))


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 100 else f"{text[:100]}..."
