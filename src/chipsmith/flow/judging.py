"""A Program judged on a part of a recipe's data, by what the simulated chip answers to each example."""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass

from chipsmith.deployment.predict import DeployedNetwork, deploy
from chipsmith.errors import BadInput
from chipsmith.learn import Dataset, Recipe, Task
from chipsmith.learn.data import Examples
from chipsmith.learn.validation.evaluate import Metrics, Predict, evaluate
from chipsmith.program.limits import Limits
from chipsmith.program.program import Program
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.shown import Shown


class DataPart(enum.StrEnum):
    """A part of a data set that judges: by one a network is chosen, the other one sees it once, at the end."""

    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, kw_only=True)
class JudgedProgram(Shown):
    """How good the answers of a Program are, on a part of the data of a recipe."""

    program: Program
    recipe: str
    part: DataPart
    metrics: Metrics

    def _brief(self) -> str:
        network, chip = self.program.manifest.network, self.program.chip.name
        return (
            f"{network} on {chip}: {self.metrics.primary_metric._brief()} of the {self.part.value} part of "
            f"{self.recipe} (simulated)"
        )

    def to_json(self) -> Json:
        """The object of `chipsmith judge --json`."""
        primary = self.metrics.primary_metric
        return {
            "schema_version": SCHEMA_VERSION,
            "network": self.program.manifest.network,
            **self.program.chip.identity,
            "recipe": self.recipe,
            "part": self.part.value,
            "task": self.metrics.task.value,
            "examples": primary.count,
            "metric": primary.name,
            "metric_npu": primary.value,
            "metric_npu_interval": [primary.low, primary.high],
            "metrics": [asdict(metric) for metric in self.metrics.metrics],
            "evidence": "simulated: the Program, functional simulation",
        }


def parse_part(text: str) -> DataPart:
    """The part of this name. Raises BadInput."""
    try:
        return DataPart(text)
    except ValueError:
        raise BadInput(f"--part {text}: a program is judged on {' or '.join(DataPart)}") from None


def judge_program(
    program: Program, recipe: Recipe, part: DataPart, *, name: str, limits: Limits | None = None
) -> JudgedProgram:
    """See `chipsmith.judge`; `name` names the Program in messages."""
    deployed = deploy(program, name=name, limits=limits)
    data = recipe.load_data()
    _refuse_other_data(deployed, data, recipe, name)
    metrics = judge_answers(deployed.answers, recipe, data, part)
    return JudgedProgram(program=program, recipe=recipe.name, part=part, metrics=metrics)


def judge_answers(answers: Predict, recipe: Recipe, data: Dataset, part: DataPart) -> Metrics:
    """The metrics of answers to a part of the recipe's data; of its first `validation.executed`, if it says so."""
    examples: Examples = data.test if part is DataPart.TEST else data.validation
    most = recipe.validation.executed
    judged = examples if most is None else examples.first(most)
    return evaluate(answers, judged, data.task, resamples=recipe.validation.bootstrap, scaling=data.target_scaling)


def _refuse_other_data(deployed: DeployedNetwork, data: Dataset, recipe: Recipe, name: str) -> None:
    own = deployed.deployment
    if (own.task, own.class_names, own.preprocessing) != (data.task, data.class_names, data.preprocessing):
        raise BadInput(
            f"{name} was not made of the data of the recipe {recipe.name}: preprocessing, classes or task differ; name "
            "its own recipe"
        )
    if data.task is Task.LANGUAGE:
        raise BadInput(f"{name} writes text, and judge takes one answer an example: `chipsmith run` judges it")
