"""What a network is asked to do."""

from __future__ import annotations

from enum import StrEnum


class Task(StrEnum):
    """The task that a data set sets; the form of the targets follows from it (see Examples).

    - classification: one of several classes
    - regression: real numbers
    - language: the next token after each token
    - reconstruction: the input itself, through a bottleneck; what is rebuilt badly is an anomaly
    - generation: new inputs that could be of the data set
    """

    CLASSIFICATION = "classification"
    REGRESSION = "regression"
    LANGUAGE = "language"
    RECONSTRUCTION = "reconstruction"
    GENERATION = "generation"

    @property
    def targets_are_inputs(self) -> bool:
        """Whether a batch's targets are its inputs."""
        return self in (Task.RECONSTRUCTION, Task.GENERATION)
