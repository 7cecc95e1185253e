"""The step from many values to the few directions along which the training examples differ most."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from chipsmith.errors import BadInput
from chipsmith.learn.preprocessing.step import ArrayStep, Values


class PrincipalComponents(ArrayStep):
    """Examples (n, ...), flattened to k values, to (x - mean) along each direction: float32 (n, directions).

    `directions` are orthonormal rows of k numbers, the one of the largest variance first.
    Source: I. T. Jolliffe: Principal component analysis, 2002, chapter 2.
    """

    kind: Literal["principal_components"] = "principal_components"
    mean: tuple[float, ...] = Field(min_length=1)
    directions: tuple[tuple[float, ...], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _match(self) -> Self:
        if any(len(direction) != len(self.mean) for direction in self.directions):
            raise ValueError(f"a direction has other than {len(self.mean)} numbers, as the mean has")
        return self

    def apply(self, values: Values) -> Values:
        """As ArrayStep.apply; computed in float64, so that an example's bits do not depend on those beside it."""
        centred = values.reshape(len(values), -1).astype(np.float64) - np.array(self.mean)
        return np.asarray(centred @ np.array(self.directions).T, np.float32)

    @classmethod
    def fit(cls, values: Values, *, count: int) -> Self:
        """The first `count` principal components of examples (n, ...).

        Of the two signs of a direction the one in which its largest number is positive. Raises BadInput for more
        components than examples or values.
        """
        flat = values.reshape(len(values), -1).astype(np.float64)
        if count > min(flat.shape):
            raise BadInput(
                f"{count} principal components are asked for; {flat.shape[0]} examples of {flat.shape[1]} values have "
                f"{min(flat.shape)}"
            )
        mean = flat.mean(axis=0)
        _, vectors = np.linalg.eigh((flat - mean).T @ (flat - mean))
        directions = vectors.T[::-1][:count]
        largest = np.abs(directions).argmax(axis=1)
        directions = directions * np.sign(directions[np.arange(count), largest])[:, None]
        return cls(mean=tuple(mean.tolist()), directions=tuple(map(tuple, directions.tolist())))
