"""The noun SearchStudy: what is searched, within which budgets, and how, in one YAML file."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from chipsmith.errors import BadInput
from chipsmith.files import read_ordinary_text
from chipsmith.learn.faults import NO_LINES, describe_faults
from chipsmith.learn.limits import MOST_EPOCHS
from chipsmith.learn.training.section import RecipeSection
from chipsmith.plain_yaml import parse_document
from chipsmith.studies.oracle import Temperature
from chipsmith.studies.search.chip_space import ChipSpace, parse_chips
from chipsmith.studies.search.compiler_choices import parse_compiler
from chipsmith.studies.search.figures import (
    GREATEST_NUMBER,
    LEAST_NUMBER,
    Constraint,
    PairFigure,
    check_consistent,
    parse_constraint,
    parse_figure,
)
from chipsmith.studies.search.parameters import SearchParameter

_MOST_TRIALS = 100_000
_MOST_SEEDS = 20
_FORM = "a study is a YAML mapping; `chipsmith search --schema` prints its form"


_NUMBER = Field(strict=True, ge=LEAST_NUMBER, le=GREATEST_NUMBER)
"""A number above 0 with which sums and quotients of figures stay numbers; no text that looks like one."""
_SEED = Field(strict=True, ge=0, lt=1 << 32)
"""What every sampler takes."""


class SamplerKind(enum.StrEnum):
    """Who proposes the next chip."""

    RANDOM = "random"
    QUASI_RANDOM = "quasi-random"
    TPE = "tpe"
    NSGA2 = "nsga2"
    GP = "gp"


class Direction(enum.StrEnum):
    """Whether less or more of a figure is better."""

    MINIMISE = "minimise"
    MAXIMISE = "maximise"


class VerifiedDesigns(enum.StrEnum):
    """Which designs are co-simulated in RTL during the search."""

    FRONT = "front"
    WINNER = "winner"
    NONE = "none"


class StudyNetwork(RecipeSection):
    """A network of a study: given as a file, or trained by a recipe."""

    file: str | None = Field(
        default=None, min_length=1, description="a .tosa, .tflite or .onnx file, or a run folder; this or recipe"
    )
    recipe: str | None = Field(
        default=None, min_length=1, description="a shipped recipe or the file of one, by which it is trained"
    )
    weight: Annotated[float, _NUMBER] = Field(default=1.0, description="of its figures in the sums over networks")
    calibration: str | None = Field(default=None, description="inputs that choose the integers of a float network")

    @model_validator(mode="after")
    def _require_source(self) -> Self:
        if (self.file is None) == (self.recipe is None):
            raise ValueError("a network is {file: ...} or {recipe: ...}: give one of them")
        if self.recipe is not None and self.calibration is not None:
            raise ValueError("a recipe's network is calibrated by its own training examples: remove calibration")
        return self


class SearchSpace(RecipeSection):
    """What varies: chips, structures of the network that a recipe trains, choices of the compiler; any of them."""

    chip: dict[str, Any] = Field(
        description="base: a chip; other keys are its fields, as tensor.rows: a list, {from: 4, to: 15} or one value; "
        "clock_mhz: max gives each chip the clock that its paths allow",
        examples=[{"base": "edge-256", "tensor.rows": [8, 16]}],
    )
    network: dict[str, Any] | None = Field(
        default=None, description="of a single {recipe: ...}: lists of width (shares of its channels), depth and kernel"
    )
    compiler: dict[str, Any] | None = Field(default=None, description="lists of values, by the name of the choice")


class SearchStudy(RecipeSection):
    """What `chipsmith search` does: networks, a space of designs, objectives, budgets, a sampler and its trials.

    The figures of `objectives`, `constraints`, `reference_point` and `weights` are those of PairFigure.
    """

    network: tuple[StudyNetwork, ...] = Field(
        description="a network's file, {recipe: ...}, or a list of such, each with a weight",
        examples=[[{"file": "digits.tosa", "weight": 2}]],
    )
    space: SearchSpace
    objectives: dict[str, Direction] = Field(
        min_length=1,
        max_length=4,
        description="minimise or maximise, by figure",
        examples=[{"energy_j": "minimise", "latency_s": "minimise"}],
    )
    constraints: tuple[str, ...] = Field(default=(), description="budgets", examples=[["area_mm2 <= 0.3"]])
    reference_point: dict[str, Annotated[float, _NUMBER]] = Field(
        default={},
        description="what an objective is measured against; default that of the base chip",
        examples=[{"energy_j": 1e-5}],
    )
    weights: dict[str, Annotated[float, _NUMBER]] = Field(
        default={},
        description="of the objectives in the choice of the winner; default 1",
        examples=[{"energy_j": 2}],
    )
    temperature: Temperature = Field(default=Temperature.COLD, description="of the inference: cold or warm")
    sampler: SamplerKind = SamplerKind.TPE
    trials: int = Field(
        default=200, strict=True, ge=1, le=_MOST_TRIALS, description="legal designs that each seed looks at"
    )
    seeds: tuple[Annotated[int, _SEED], ...] = Field(
        default=(0, 1, 2, 3, 4), description="each is a search of its own", examples=[[0, 1, 2]]
    )
    verify: VerifiedDesigns = Field(
        default=VerifiedDesigns.FRONT,
        description="designs that are co-simulated in RTL on one input: each that comes to the front, the winner, none",
    )
    supernet_epochs: int | None = Field(
        default=None,
        strict=True,
        ge=1,
        le=MOST_EPOCHS,
        description="of the training that the networks of space.network share; default twice the recipe's",
    )
    finalists: int = Field(
        default=3,
        strict=True,
        ge=1,
        le=_MOST_SEEDS,
        description="networks of the front that are trained in full, of space.network",
    )
    further_finalists: int = Field(
        default=3,
        strict=True,
        ge=0,
        le=_MOST_SEEDS,
        description="while no finalist keeps the budgets, up to so many more networks of the front are trained in full",
    )
    noise_seeds: int = Field(
        default=3,
        strict=True,
        ge=2,
        le=_MOST_SEEDS,
        description="trainings of each finalist, which show the noise of its accuracy",
    )

    @field_validator("network", mode="before")
    @classmethod
    def _listed(cls, network: Any) -> Any:
        """A file's name stands for the file, and a single network for a list of it."""
        networks = network if isinstance(network, list | tuple) else [network]
        if not networks:
            raise ValueError("name at least one, as digits.tosa")
        if not all(isinstance(each, str | Mapping | StudyNetwork) for each in networks):
            raise ValueError(
                "a network is a file's name, as digits.tosa, or {file: digits.tosa, weight: 2}, or {recipe: digits}"
            )
        return [{"file": each} if isinstance(each, str) else each for each in networks]

    @field_validator("constraints", mode="before")
    @classmethod
    def _one_or_more(cls, constraints: Any) -> Any:
        return [constraints] if isinstance(constraints, str) else constraints

    @field_validator("seeds")
    @classmethod
    def _distinct(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if not seeds:
            raise ValueError("name at least one, as [0, 1, 2]")
        if len(set(seeds)) < len(seeds):
            raise ValueError("seeds are distinct: the same one would search the same again; remove one")
        return seeds

    def parsed_objectives(self) -> Mapping[PairFigure, Direction]:
        """The objectives by figure. Raises BadInput for an unknown one."""
        parsed = {parse_figure(name, key=f"objectives.{name}"): way for name, way in self.objectives.items()}
        if parsed.get(PairFigure.ACCURACY) is Direction.MINIMISE:
            raise BadInput("objectives.accuracy: an accuracy is maximised; write accuracy: maximise")
        return parsed

    def parsed_constraints(self) -> tuple[Constraint, ...]:
        """The constraints. Raises BadInput for one that cannot be read, or two that exclude each other."""
        constraints = tuple(map(parse_constraint, self.constraints))
        check_consistent(constraints)
        return constraints

    def parsed_chips(self) -> ChipSpace:
        """The chips of the space. Raises BadInput."""
        return parse_chips(self.space.chip)

    def varied_network(self) -> Mapping[str, Any] | None:
        """`space.network`; None where it is not given.

        Raises BadInput where no single recipe trains the network, and for epochs of a supernet that there is not.
        """
        varied = self.space.network
        if varied is not None and (len(self.network) > 1 or self.network[0].recipe is None):
            given = "several networks are given" if len(self.network) > 1 else f"{self.network[0].file} is a file"
            raise BadInput(
                f"space.network: only the network of a single recipe can vary, and {given}; write network: {{recipe: "
                "NAME}, or remove space.network"
            )
        if varied is None and self.supernet_epochs is not None:
            raise BadInput("supernet_epochs: without space.network no supernet is trained; add that, or remove it")
        return varied

    def parsed_compiler(self) -> tuple[SearchParameter, ...]:
        """The choices of the compiler. Raises BadInput."""
        return parse_compiler(self.space.compiler or {})

    def parsed_numbers(self, field: str) -> Mapping[PairFigure, float]:
        """`reference_point` or `weights` by figure. Raises BadInput for one of no objective, or an accuracy of 1."""
        given: Mapping[str, float] = getattr(self, field)
        parsed = {parse_figure(name, key=f"{field}.{name}"): number for name, number in given.items()}
        for figure in parsed:
            if figure not in self.objectives:
                raise BadInput(f"{field}.{figure}: {figure} is no objective of this study: add it there, or remove it")
            if figure is PairFigure.ACCURACY and field == "reference_point" and given[figure] >= 1:
                raise BadInput(f"{field}.{figure} = {given[figure]:g}: an accuracy is a share below 1, as 0.9")
        return parsed


def read_study(path: Path) -> SearchStudy:
    """The study in a YAML file. Raises BadInput with all faults of its form in one message."""
    try:
        text = read_ordinary_text(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file in UTF-8"
        raise BadInput(f"study {path}: {reason}; `chipsmith search --schema` prints the form of one") from error
    document = parse_document(text, origin=f"study {path}", form=_FORM)
    return parse_study(document.fields, origin=str(path), lines=document.lines)


def parse_study(fields: Mapping[str, Any], *, origin: str, lines: Mapping[str, int] = NO_LINES) -> SearchStudy:
    """The study of plain values; `origin` names it in the BadInput that refuses it, `lines` its fields' lines."""
    try:
        return SearchStudy.model_validate(fields)
    except ValidationError as error:
        raise BadInput(
            describe_faults(error, SearchStudy, origin=f"study {origin}", given=fields, lines=lines)
        ) from error


def study_schema() -> dict[str, Any]:
    """The JSON Schema of a study file."""
    return SearchStudy.model_json_schema()
