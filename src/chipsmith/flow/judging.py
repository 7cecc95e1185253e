"""A Program judged on a part of a recipe's data, by what the simulated chip answers to each example."""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass

from chipsmith.deployment.predict import DeployedNetwork, deploy
from chipsmith.errors import BadInput
from chipsmith.learn import Dataset, Recipe, Task, shipped_recipes
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


_SHOWN_CLASSES = 3


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:_SHOWN_CLASSES]) + (", ..." if len(names) > _SHOWN_CLASSES else "")


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
    data = _load_data(recipe, program.manifest.network, name)
    _refuse_other_data(deployed, data, recipe, name)
    metrics = judge_answers(deployed.answers, recipe, data, part)
    return JudgedProgram(program=program, recipe=recipe.name, part=part, metrics=metrics)


def judge_answers(answers: Predict, recipe: Recipe, data: Dataset, part: DataPart) -> Metrics:
    """The metrics of answers to a part of the recipe's data; of its first `validation.executed`, if it says so."""
    examples: Examples = data.test if part is DataPart.TEST else data.validation
    most = recipe.validation.executed
    judged = examples if most is None else examples.first(most)
    return evaluate(answers, judged, data.task, resamples=recipe.validation.bootstrap, scaling=data.target_scaling)


def _load_data(recipe: Recipe, network: str, name: str) -> Dataset:
    """The recipe's data; where they cannot be loaded and the recipe is not the program's, BadInput names that."""
    try:
        return recipe.load_data()
    except BadInput as fault:
        if recipe.name == network:
            raise
        raise BadInput(f"{fault}; but {name} was made by the recipe {network}: {_own_recipe(network)}") from fault


def _own_recipe(network: str) -> str:
    """How the recipe of a network of this name is named."""
    if network in shipped_recipes():
        return f"give --recipe {network}"
    return f"give its YAML file (the one with `name: {network}`) as --recipe"


def _refuse_other_data(deployed: DeployedNetwork, data: Dataset, recipe: Recipe, name: str) -> None:
    own, network = deployed.deployment, deployed.network.graph.program.manifest.network
    pairs = {
        f"task ({own.task.value} and {data.task.value})": own.task == data.task,
        f"classes ({_some(own.class_names)} and {_some(data.class_names)})": own.class_names == data.class_names,
        "preprocessing": own.preprocessing == data.preprocessing,
    }
    differ = [what for what, same in pairs.items() if not same]
    if not differ:
        pass
    elif recipe.name != network:
        raise BadInput(
            f"{name} was made by the recipe {network}, not by {recipe.name}: {', '.join(differ)} differ; "
            f"{_own_recipe(network)}"
        )
    else:
        raise BadInput(
            f"{name} was made by a recipe {network} of other data or settings: {', '.join(differ)} differ; give the "
            "YAML file, --set and data of its run"
        )
    if data.task is Task.LANGUAGE:
        raise BadInput(f"{name} writes text, and judge takes one answer an example: `chipsmith run` judges it")
