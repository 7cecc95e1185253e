"""What a search says of the networks that it trained: which network a design has, how accurate it is, what it took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chipsmith.schema import Json
from chipsmith.shown import Shown
from chipsmith.studies.search.design_space import network_values
from chipsmith.studies.search.figures import PairFigure
from chipsmith.studies.search.finalists import Finals
from chipsmith.studies.search.hand_over import handed_files
from chipsmith.studies.search.network_shelf import name_network
from chipsmith.studies.search.pairs import GRAPH
from chipsmith.studies.search.recipe_networks import RecipeNetwork
from chipsmith.studies.search.trials import DesignTrial

_NO_FINALS: Json = {"finalists": [], "noise": None, "gains_of_winner": [], "full_training_cpu_hours": None}
"""The keys of Finals.to_json where nothing was trained in full."""


@dataclass(frozen=True, kw_only=True)
class TrainedPart(Shown):
    """The networks of a study in its order, None where one is given, and what became of those that recipes train.

    `trainings` has `cpu_s` and `epochs` of what the trials' networks come from, by name. `finals` are None where no
    structure varies or no design keeps the budgets. `test_accuracy` is the winner's, the only one ever judged on it.
    """

    networks: tuple[RecipeNetwork | None, ...]
    trainings: Mapping[str, Mapping[str, float]]
    finals: Finals | None
    test_accuracy: float | None

    @property
    def elastic(self) -> RecipeNetwork | None:
        """The network whose structure varies."""
        return next((each for each in self.networks if each is not None and each.elastic is not None), None)

    def network_json(self, index: int, trial: DesignTrial) -> Json:
        """What a design has for a network of the study: values, settings, accuracy, file; empty for a given one."""
        network = self.networks[index]
        if network is None:
            return {}
        return {
            "values": dict(network_values(trial.values)),
            "settings": network.settings(network_values(trial.values)).model_dump(mode="json"),
            "accuracy": self.accuracy_json(trial),
            "file": f"{name_network(network, trial.values)}/{GRAPH}",
        }

    def handed_json(self, index: int) -> Json:
        """What the winner alone has for a network: the file of the integer network that is handed over."""
        network = self.networks[index]
        if network is None:
            return {}
        _, graph, _ = handed_files(network)
        return {"trained": graph}

    def accuracy_json(self, trial: DesignTrial) -> Json:
        """The accuracies of a design on the validation part: in the supernet, and of full trainings if it had some."""
        figures = trial.figures or {}
        if self.elastic is None:
            return {"full": figures.get(PairFigure.ACCURACY)}
        finalist = None if self.finals is None else self.finals.finalist(trial.values)
        if finalist is None:
            return {"supernet": figures.get(PairFigure.ACCURACY), "full": None, "std": None}
        return {"supernet": finalist.supernet, "full": finalist.mean, "std": finalist.std}

    def to_json(self) -> Json:
        """What training took, the finalists, and the test part's verdict."""
        trainings = {
            name: {"cpu_hours": training["cpu_s"] / 3600, "epochs": training["epochs"]}
            for name, training in self.trainings.items()
        }
        return {
            "supernet": None if self.elastic is None else trainings[self.elastic.name],
            "trainings": trainings,
            **(_NO_FINALS if self.finals is None else self.finals.to_json()),
            "test_accuracy": self.test_accuracy,
        }
