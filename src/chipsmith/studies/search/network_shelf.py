"""The networks that a study trains, in its folder: each made, quantised and judged once, whoever asks for it."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.files import make_folder, write_whole
from chipsmith.frontends.layout import Border
from chipsmith.learn.elastic import Supernet, train_supernet
from chipsmith.learn.progress import Progress
from chipsmith.studies.search.accuracy import int8_accuracy
from chipsmith.studies.search.compiler_choices import COMPILER, border_of
from chipsmith.studies.search.design_space import NETWORK, network_values
from chipsmith.studies.search.json_files import read_json, write_json
from chipsmith.studies.search.pairs import GRAPH, NetworkChoice
from chipsmith.studies.search.parameters import Values
from chipsmith.studies.search.recipe_networks import RecipeNetwork
from chipsmith.studies.search.trainings import CHECKPOINT, TRAINED, TRAINING_TIME, train_once
from chipsmith.tosa.file import serialize_tosa

if TYPE_CHECKING:
    import torch

NETWORKS, TRAININGS = "networks", "trainings"
"""Folders of a study: of the networks that pairs are scored with, and of what was trained for them."""
JUDGED = "judged.json"


@dataclass(frozen=True, kw_only=True)
class JudgedNetwork:
    """What is known of a network: the accuracy of its int8 form on the validation part, or why it cannot be made.

    `cpu_s` are the processor's seconds that making and judging it took, `graph_sha256` the hash of its graph's file.
    """

    accuracy: float | None
    reason: str
    cpu_s: float
    graph_sha256: str = ""


class ModuleSource(Protocol):
    """Where the module of a combination comes from."""

    def train(self) -> None:
        """Train what all modules come from, or read it where it was trained before."""

    def module(self, values: Values) -> torch.nn.Module:
        """The module of a combination of the network's parameters, in evaluation mode."""

    def describe(self) -> Mapping[str, float]:
        """`cpu_s` and `epochs` of the training."""


class SupernetSource:
    """Modules are the parts of one supernet, which is trained once in `folder`."""

    def __init__(self, network: RecipeNetwork, folder: Path, progress: Progress) -> None:
        assert network.elastic is not None
        self._network, self._space, self._folder, self._progress = network, network.elastic, folder, progress
        self._supernet: Supernet | None = None

    def train(self) -> None:
        """See ModuleSource.train."""
        recipe, data = self._network.supernet_recipe, self._network.dataset
        file = self._folder / "supernet.safetensors"
        if file.exists():
            self._supernet = Supernet.load(file, recipe=recipe, dataset=data, space=self._space)
            return
        make_folder(self._folder)
        self._progress.stage(f"train the supernet of {recipe.name}: {self._space.combinations} networks")
        checkpoint = self._folder / CHECKPOINT
        with self._progress.training(recipe.training.epochs) as on_epoch:
            self._supernet = train_supernet(recipe, data, self._space, checkpoint=checkpoint, on_epoch=on_epoch)
        self._supernet.save(file)
        checkpoint.unlink(missing_ok=True)

    def module(self, values: Values) -> torch.nn.Module:
        """See ModuleSource.module."""
        if self._supernet is None:
            self.train()
        assert self._supernet is not None
        return self._supernet.subnetwork(self._network.elastic_values(values), self._network.dataset)

    def describe(self) -> Mapping[str, float]:
        """See ModuleSource.describe."""
        assert self._supernet is not None
        return {"cpu_s": self._supernet.cpu_s, "epochs": len(self._supernet.history.epochs)}


class RecipeSource:
    """The one module of a recipe, which is trained once in `folder`."""

    def __init__(self, network: RecipeNetwork, folder: Path, progress: Progress) -> None:
        self._network, self._folder, self._progress = network, folder, progress
        self._module: torch.nn.Module | None = None

    def train(self) -> None:
        """See ModuleSource.train."""
        network = self._network
        self._module = train_once(
            network.recipe, network.dataset, self._folder, self._progress, stage=f"train {network.name}"
        )

    def module(self, values: Values) -> torch.nn.Module:
        """See ModuleSource.module."""
        del values
        if self._module is None:
            self.train()
        assert self._module is not None
        return self._module

    def describe(self) -> Mapping[str, float]:
        """See ModuleSource.describe."""
        described: Mapping[str, float] = read_json(self._folder / TRAINING_TIME)
        return described


class NetworkShelf:
    """Makes the networks of combinations: see NetworkMaker. `networks` are the study's, None where one is given."""

    def __init__(self, folder: Path, networks: Sequence[RecipeNetwork | None], *, progress: Progress) -> None:
        self.folder = folder
        self._networks = networks
        self._judged: dict[str, JudgedNetwork] = {}
        self._sources: dict[str, ModuleSource] = {
            network.name: _source(network, folder / TRAININGS / network.name, progress)
            for network in networks
            if network is not None
        }

    @property
    def trained(self) -> tuple[RecipeNetwork, ...]:
        """The networks that recipes train."""
        return tuple(network for network in self._networks if network is not None)

    def train(self) -> None:
        """Train what the networks come from."""
        for source in self._sources.values():
            source.train()

    def choose(self, values: Values) -> NetworkChoice:
        """See NetworkMaker.choose."""
        folders: list[str] = []
        judged: list[JudgedNetwork] = []
        for network in self._networks:
            folder = "" if network is None else name_network(network, values)
            folders.append(folder)
            if network is not None:
                judged.append(self._judge(network, folder, values))
                if judged[-1].reason:
                    return NetworkChoice(reason=f"{network.name}: {judged[-1].reason}")
        return NetworkChoice(folders=tuple(folders), accuracy=self.join([each.accuracy or 0.0 for each in judged]))

    def join(self, accuracies: Sequence[float]) -> float | None:
        """The accuracy of a study's networks: the mean by weight; None where one of them is given."""
        if len(self.trained) < len(self._networks):
            return None
        weights = [network.weight for network in self.trained]
        parts = (weight * accuracy for weight, accuracy in zip(weights, accuracies, strict=True))
        return math.fsum(parts) / math.fsum(weights)

    def module(self, network: RecipeNetwork, values: Values) -> torch.nn.Module:
        """The module of a combination."""
        return self._sources[network.name].module(network_values(values))

    def trained_file(self, network: RecipeNetwork) -> Path:
        """The file of a network that is trained once, as `save_trained` writes it."""
        return self.folder / TRAININGS / network.name / TRAINED

    def describe(self) -> dict[str, Mapping[str, float]]:
        """What training took, by the name of the network."""
        return {name: source.describe() for name, source in self._sources.items()}

    @property
    def cpu_s(self) -> float:
        """The processor's seconds of all networks that were made and judged, those of earlier calls too."""
        return math.fsum(
            read_judged(file.parent).cpu_s for file in sorted((self.folder / NETWORKS).glob(f"*/{JUDGED}"))
        )

    def _judge(self, network: RecipeNetwork, name: str, values: Values) -> JudgedNetwork:
        """What is known of a network in the folder `name`; its files are read, and checked, once."""
        if name not in self._judged:
            folder = self.folder / name
            if not (folder / JUDGED).exists():
                keep_judged(network, folder, lambda: self.module(network, values), border=border_of(values))
            self._judged[name] = read_judged(folder)
        return self._judged[name]


def keep_judged(
    network: RecipeNetwork, folder: Path, make: Callable[[], torch.nn.Module], *, border: Border = Border.HOST
) -> JudgedNetwork:
    """Quantise and judge a network on the validation part; the graph and, last, what is known of it go to `folder`."""
    begin = time.process_time()
    make_folder(folder)
    accuracy, reason, digest = None, "", ""
    try:
        data = network.dataset
        quantised, metric = int8_accuracy(make(), network.recipe, data, data.validation, border=border)
        accuracy = metric.value
        content = serialize_tosa(quantised.graph)
        digest = hashlib.sha256(content).hexdigest()
        write_whole(folder / GRAPH, content)
    except (BadInput, OperatorRefused) as error:
        reason = str(error)
    judged = JudgedNetwork(accuracy=accuracy, reason=reason, cpu_s=time.process_time() - begin, graph_sha256=digest)
    write_json(folder / JUDGED, asdict(judged))
    return judged


def name_network(network: RecipeNetwork, values: Values) -> str:
    """The folder of a network within that of the study: its name and all that makes it another one."""
    own = {name: value for name, value in values.items() if name.startswith((NETWORK, COMPILER))}
    parts = [f"{name.partition('.')[2]}_{value}" for name, value in own.items()]
    return f"{NETWORKS}/{'-'.join([network.name, *parts])}"


def read_judged(folder: Path) -> JudgedNetwork:
    """What `keep_judged` wrote to a folder. Raises BadInput where it, or the graph beside it, is damaged."""
    file = folder / JUDGED
    try:
        judged = JudgedNetwork(**read_json(file))
        if judged.graph_sha256 and hashlib.sha256((folder / GRAPH).read_bytes()).hexdigest() != judged.graph_sha256:
            raise BadInput(f"{folder / GRAPH} is damaged; remove {folder}, and the network is made again")
        return judged
    except (TypeError, OSError) as error:
        raise BadInput(f"{file} is damaged; remove {folder}, and the network is judged again") from error


def _source(network: RecipeNetwork, folder: Path, progress: Progress) -> ModuleSource:
    if network.elastic is None:
        return RecipeSource(network, folder, progress)
    return SupernetSource(network, folder, progress)
