"""How well the accuracy that is read from a supernet tells which of its networks are good when trained in full.

Some networks are drawn from a task's space. Each gets its weights from the supernet, and is trained in full by the
recipe from fresh weights; both are judged as int8 programs on the validation part. The noise of a full accuracy is what
other seeds make of the same network.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.files import make_folder, write_whole
from chipsmith.learn import Dataset, Recipe, load_recipe
from chipsmith.learn.elastic import (
    ElasticSpace,
    Supernet,
    parse_elastic,
    subnetwork_recipe,
    supernet_recipe,
    train_supernet,
)
from chipsmith.learn.elastic.clock import EpochClock
from chipsmith.learn.elastic.supernet import identify_supernet
from chipsmith.learn.trained import train
from chipsmith.learn.trained_file import save_trained
from chipsmith.studies.identity import hold_identity
from chipsmith.studies.search.accuracy import int8_accuracy

SPACES: Mapping[str, Mapping[str, Sequence[float]]] = {
    "digits": {"width": [0.25, 0.5, 0.75, 1.0], "depth": [1, 2], "kernel": [3, 5]},
    "spoken_digits": {"width": [0.25, 0.5, 0.75, 1.0], "depth": [1, 2], "kernel": [3, 5]},
    "cifar10_short": {"width": [0.5, 0.75, 1.0], "depth": [1, 2]},
}
"""By recipe; written here before any of their networks was trained in full."""
SUPERNET_EPOCHS: Mapping[str, int] = {"cifar10_short": 5}
"""Where they are not twice the recipe's: these take 1,300 seconds of a processor."""
SEED = 20261130
"""Of the draw of networks."""
NOISE_SEEDS, NOISE_NETWORKS = 3, 2
"""So many of the drawn networks, the first ones, are trained with so many seeds each."""
FILE = "supernet.safetensors"
Values = Mapping[str, int | float]


@dataclass(frozen=True, kw_only=True)
class Correlation:
    """Spearman's rank correlation with its interval at 95 %."""

    rho: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, kw_only=True)
class ComparedNetwork:
    """The accuracy of a network's int8 program with the supernet's weights, and in full by seed."""

    values: Values
    cheap: float
    full: tuple[float, ...]


class SupernetStudy:
    """A recipe's trainings; each finished one stands in the folder, with what its int8 program is worth."""

    def __init__(
        self, *, recipe: Recipe, dataset: Dataset, space: ElasticSpace, folder: Path, on_work: Callable[[str], None]
    ) -> None:
        self.recipe, self.dataset, self.space = recipe, dataset, space
        self._folder, self._on_work = folder, on_work
        self.full_s, self.trained, self.judged = 0.0, 0, 0
        make_folder(folder / "full")

    def supernet(self) -> Supernet:
        """The supernet, trained where its file is not there."""
        path = self._folder / FILE
        if path.exists():
            return Supernet.load(path, recipe=self._supernet_recipe, dataset=self.dataset, space=self.space)
        supernet = train_supernet(
            self._supernet_recipe,
            self.dataset,
            self.space,
            checkpoint=self._folder / "supernet.checkpoint",
            on_epoch=lambda epoch: self._on_work(f"supernet: epoch {epoch.number}, {epoch.validation_score:.4f}"),
        )
        supernet.save(path)
        return supernet

    @property
    def _supernet_recipe(self) -> Recipe:
        return supernet_recipe(self.recipe, epochs=SUPERNET_EPOCHS.get(self.recipe.name))

    def judge(self, module: Any) -> float:
        """The accuracy of the int8 program on the validation part."""
        metric = int8_accuracy(module, self.recipe, self.dataset, self.dataset.validation)[1]
        self.judged = metric.count
        return metric.value

    def train_in_full(self, values: Values, *, seed: int) -> float:
        """The accuracy of a network that is trained from fresh weights with a seed."""
        path = self._folder / "full" / f"{describe(values)},seed={seed}.json"
        if not path.exists():
            checkpoint = path.with_suffix(".checkpoint")
            clock = EpochClock(checkpoint)
            recipe = subnetwork_recipe(self.recipe, self.space, values, seed=seed)
            network = train(recipe, self.dataset, checkpoint=checkpoint, on_epoch=clock.timing(lambda _epoch: None))
            save_trained(network, path.with_suffix(".safetensors"))
            fields = {"accuracy": self.judge(network.module), "cpu_s": clock.cpu_s}
            write_whole(path, json.dumps(fields).encode())
            checkpoint.unlink()
        fields = json.loads(path.read_bytes())
        self.full_s += fields["cpu_s"]
        self.trained += 1
        return float(fields["accuracy"])


def open_study(name: str, folder: Path, *, on_work: Callable[[str], None]) -> SupernetStudy:
    """The study of a recipe in a folder. Raises BadInput where it holds that of another recipe, space or data."""
    recipe = load_recipe(name)
    dataset = recipe.load_data()
    space = parse_elastic(recipe.network, SPACES[name])
    trained_by = supernet_recipe(recipe, epochs=SUPERNET_EPOCHS.get(name))
    hold_identity(folder / "study.json", identify_supernet(trained_by, dataset, space), what="benchmark of a supernet")
    return SupernetStudy(recipe=recipe, dataset=dataset, space=space, folder=folder, on_work=on_work)


def measure_supernet(
    name: str, folder: Path, *, count: int, noise_seeds: int = NOISE_SEEDS, on_work: Callable[[str], None]
) -> dict[str, Any]:
    """The figures of a recipe; what stands finished in `folder` is taken, so that a run that was stopped goes on.

    Raises BadInput where the folder is of another recipe, space, data or versions.
    """
    study = open_study(name, folder, on_work=on_work)
    space, dataset, recipe = study.space, study.dataset, study.recipe
    supernet = study.supernet()
    networks, cheap_s = [], 0.0
    for number, values in enumerate(draw_networks(space, count)):
        started = time.process_time()
        cheap = study.judge(supernet.subnetwork(values, dataset))
        cheap_s += time.process_time() - started
        seeds = range(noise_seeds if number < NOISE_NETWORKS else 1)
        full = tuple(study.train_in_full(values, seed=recipe.seed + seed) for seed in seeds)
        networks.append(ComparedNetwork(values=values, cheap=cheap, full=full))
        on_work(f"{describe(values)}: {cheap:.4f} cheap, {', '.join(f'{each:.4f}' for each in full)} in full")
    correlation = correlate_ranks([each.cheap for each in networks], [each.full[0] for each in networks])
    return {
        "space": {key: list(values) for key, values in SPACES[name].items()},
        "combinations": space.combinations,
        "validation_examples": study.judged,
        "spearman": vars(correlation),
        "noise_std": pooled_deviation([each.full for each in networks if len(each.full) > 1]),
        "networks": [{"values": dict(each.values), "cheap": each.cheap, "full": list(each.full)} for each in networks],
        "supernet_cpu_s": supernet.cpu_s,
        "cheap_cpu_s_per_network": cheap_s / len(networks),
        "full_cpu_s_per_network": study.full_s / study.trained,
        "full_cpu_s": study.full_s,
    }


def draw_networks(space: ElasticSpace, count: int) -> list[dict[str, int | float]]:
    """So many different networks of the space, or all of them where it has fewer."""
    networks = list(space.all_values())
    order = np.random.default_rng(SEED).permutation(len(networks))
    return [networks[int(place)] for place in order[:count]]


def correlate_ranks(first: Sequence[float], second: Sequence[float]) -> Correlation:
    """Spearman's correlation, ties sharing their mean rank, with the interval of Fisher's z.

    The standard error of z is sqrt((1 + rho^2 / 2) / (n - 3)): D. Bonett, T. Wright: Sample size requirements for
    estimating Pearson, Kendall and Spearman correlations, Psychometrika 65 (2000). Equal orders would leave no
    interval: for it they count as ones with two neighbours exchanged. Raises BadInput for fewer than 4 values and where
    all of a side are equal.
    """
    from scipy.stats import spearmanr

    count = len(first)
    if count < 4 or min(len(set(first)), len(set(second))) < 2:
        raise BadInput("a correlation of ranks needs 4 networks or more, of different accuracies; raise --count")
    rho = float(spearmanr(first, second).statistic)
    most = 1 - 12 / (count * (count**2 - 1))
    near = max(-most, min(most, rho))
    half = NormalDist().inv_cdf(0.975) * math.sqrt((1 + near**2 / 2) / (count - 3))
    low, high = (math.tanh(math.atanh(near) + side * half) for side in (-1, 1))
    return Correlation(rho=rho, low=low, high=high, count=count)


def pooled_deviation(groups: Sequence[Sequence[float]]) -> float | None:
    """The standard deviation within groups, over all of them; None where there are none."""
    if not groups:
        return None
    squares = sum(float(np.var(group)) * len(group) for group in groups)
    return math.sqrt(squares / sum(len(group) - 1 for group in groups))


def describe(values: Values) -> str:
    """A combination as a name of files: `width=0.5,depth=2`."""
    return ",".join(f"{name}={value:g}" for name, value in values.items())
