"""What a Program carries so that raw data can be given to the chip: preprocessing, borders, names, task."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_io import IoBinding
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.learn.data import Dataset, TargetScaling, Task
from chipsmith.learn.preprocessing import Preprocessing


class Deployment(BaseModel):
    """From raw data to the graph's integers, and from its integers to an answer; goes to JSON and back.

    `inputs` and `outputs` are the bindings of the quantised network; the first input is the example. `class_names` and
    `target_scaling` are the Dataset's. `anomaly_threshold` is a mean squared error of the reconstruction: what is
    rebuilt worse is an anomaly.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: Task
    class_names: tuple[str, ...]
    preprocessing: Preprocessing
    inputs: tuple[IoBinding, ...]
    outputs: tuple[IoBinding, ...]
    target_scaling: TargetScaling | None = None
    anomaly_threshold: float | None = None

    @classmethod
    def of(cls, dataset: Dataset, network: QuantizedNetwork, *, anomaly_threshold: float | None = None) -> Self:
        """How a network that was trained on `dataset` and quantised is used."""
        return cls(
            task=dataset.task,
            class_names=dataset.class_names,
            preprocessing=dataset.preprocessing,
            inputs=network.inputs,
            outputs=network.computed_outputs,
            target_scaling=dataset.target_scaling,
            anomaly_threshold=anomaly_threshold,
        )

    @classmethod
    def parse(cls, text: str, *, name: str) -> Self:
        """The deployment in a manifest; `name` stands in the message of the BadInput that refuses it."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise BadInput(f"{name}: deployment.{place}: {first['msg']}; compile the network again") from error
