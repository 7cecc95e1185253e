"""What a Program carries so that raw data can be given to the chip: preprocessing, borders, names, task."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_io import IoBinding
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.learn import Recipe
from chipsmith.learn.data import Dataset, TargetScaling, Task
from chipsmith.learn.data.table_columns import NO_COLUMNS, TableColumns
from chipsmith.learn.likeness import Likeness, fit_likeness
from chipsmith.learn.preprocessing import Preprocessing


class Deployment(BaseModel):
    """From raw data to the graph's integers, and from its integers to an answer; goes to JSON and back.

    `inputs` and `outputs` are the bindings of the quantised network; the first input is the example. `class_names` and
    `target_scaling` are the Dataset's. `anomaly_threshold` is a mean squared error of the reconstruction: what is
    rebuilt worse is an anomaly. `likeness` says what the training data were like; `columns` names the columns of their
    table. Programs of before have neither.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: Task
    class_names: tuple[str, ...]
    preprocessing: Preprocessing
    inputs: tuple[IoBinding, ...]
    outputs: tuple[IoBinding, ...]
    target_scaling: TargetScaling | None = None
    anomaly_threshold: float | None = None
    likeness: Likeness | None = None
    columns: TableColumns = NO_COLUMNS

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        network: QuantizedNetwork,
        *,
        anomaly_threshold: float | None = None,
        likeness: Likeness | None = None,
        columns: TableColumns = NO_COLUMNS,
    ) -> Self:
        """How a network that was trained on `dataset` and quantised is used."""
        return cls(
            task=dataset.task,
            class_names=dataset.class_names,
            preprocessing=dataset.preprocessing,
            inputs=network.inputs,
            outputs=network.computed_outputs,
            target_scaling=dataset.target_scaling,
            anomaly_threshold=anomaly_threshold,
            likeness=likeness,
            columns=columns,
        )

    @classmethod
    def of_recipe(
        cls, recipe: Recipe, dataset: Dataset, network: QuantizedNetwork, *, anomaly_threshold: float | None = None
    ) -> Self:
        """The same, of a recipe: with what its data are like, so that inputs unlike these can be named."""
        return cls.of(
            dataset,
            network,
            anomaly_threshold=anomaly_threshold,
            likeness=fit_likeness(dataset, protects_training=recipe.training.privacy is not None),
            columns=recipe.data.table_columns,
        )

    @classmethod
    def parse(cls, text: str, *, name: str) -> Self:
        """The deployment in a manifest; `name` stands in the message of the BadInput that refuses it."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            place = ".".join(map(str, error.errors()[0]["loc"]))
            where = f"deployment.{place}" if place else "deployment"
            raise BadInput(
                f"{name}: what it says of raw data is damaged, or of another Chipsmith ({where}); run its recipe again"
            ) from error
