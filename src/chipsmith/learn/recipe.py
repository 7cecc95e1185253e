"""The noun Recipe: a whole training in one file: data, network, training, validation, chip."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from chipsmith.chip import parse_overrides
from chipsmith.errors import BadInput
from chipsmith.files import read_ordinary_text
from chipsmith.learn.components import as_components
from chipsmith.learn.data import Dataset, DataSettings, Examples, Task
from chipsmith.learn.faults import NO_LINES, describe_faults
from chipsmith.learn.functions import refuse_functions
from chipsmith.learn.judging import QuantumJudging
from chipsmith.learn.limits import MOST_COMPONENTS
from chipsmith.learn.networks import KernelFamily, Network, NetworkSettings, QuantumNetwork
from chipsmith.learn.schema_walk import KIND, field_paths, follow, union_of
from chipsmith.learn.tasks import as_task
from chipsmith.learn.training.section import RecipeSection
from chipsmith.learn.training.settings import TrainingSettings
from chipsmith.learn.validation.settings import ValidationSettings
from chipsmith.plain_yaml import parse_document, parse_value
from chipsmith.suggest import nearest_field, nearest_in_brackets

Acceptable = Literal["leakage", "label_conflict"]
"""Findings about data by which a training is refused, unless the recipe says that the data are meant so."""

_SUFFIX = ".yaml"
_FORM = "a recipe is a YAML mapping; `chipsmith train --schema` prints its form"
_CHIP = "edge-256"
_NOT_TRAINED = {"name", "description", "validation", "chip", "quantum"}
"""Fields of a recipe that come into play after training."""
_FUNCTION_FIELDS = {"network", "network.function"}
"""Settings that say themselves which function is meant."""


def _default_chip(fields: dict[str, Any]) -> str | None:
    return None if isinstance(fields.get("network"), QuantumNetwork) else _CHIP


def _default_judging(fields: dict[str, Any]) -> QuantumJudging | None:
    return QuantumJudging() if isinstance(fields.get("network"), QuantumNetwork) else None


class Recipe(RecipeSection):
    """What `chipsmith train` and `chipsmith run` do, from data to verdict and chip.

    `task` may be another than the data's own where that has a meaning: labelled images can be rebuilt or generated;
    `anomalies` are then the classes that are kept out of the training. With `weights` and `training.epochs: 0` a
    network that was trained elsewhere is judged as it is.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=80, description="names the files of a run")
    description: str = ""
    task: Task
    data: DataSettings
    principal_components: int | None = Field(
        default=None, ge=1, le=MOST_COMPONENTS, description="reduce the inputs to so many, fitted on the training part"
    )
    network: NetworkSettings
    training: TrainingSettings
    validation: ValidationSettings = ValidationSettings()
    anomalies: tuple[str, ...] = ()
    accept: tuple[Acceptable, ...] = Field(
        default=(), description="what a look at the data refuses and this recipe takes as it is: see check-data"
    )
    weights: str | None = Field(default=None, description="a file of weights that the network starts from")
    chip: str | None = Field(
        default_factory=_default_chip,
        description="a chip of the catalogue, or a chip file; default edge-256, none for a quantum network",
    )
    quantum: QuantumJudging | None = Field(
        default_factory=_default_judging, description="how a quantum network is judged; of no other network"
    )
    seed: int = Field(default=0, ge=0, lt=1 << 32, description="of the split, the first weights and all that is drawn")

    def _brief(self) -> str:
        training = f"{self.training.epochs} epochs"
        chip = f", chip {self.chip}" if self.chip else ""
        return f"{self.name}: {self.task.value}, network {self.network.kind}, {training}{chip}, seed {self.seed}"

    @field_validator("chip")
    @classmethod
    def _require_chip(cls, chip: str | None, info: ValidationInfo) -> str | None:
        if "network" not in info.data:  # it has a fault of its own
            return chip
        quantum = isinstance(info.data["network"], QuantumNetwork)
        if quantum and chip is not None:
            raise ValueError("a quantum network compiles for no AI chip: leave the chip out")
        if not quantum and chip is None:
            raise ValueError("a network that is not quantum runs on a chip: name one, or leave the field out")
        return chip

    @field_validator("quantum")
    @classmethod
    def _require_judging(cls, quantum: QuantumJudging | None, info: ValidationInfo) -> QuantumJudging | None:
        if "network" in info.data and isinstance(info.data["network"], QuantumNetwork) != (quantum is not None):
            raise ValueError("the section is of a quantum network alone, and of each such")
        return quantum

    @model_validator(mode="after")
    def _keep_promise(self) -> Self:
        if self.training.privacy is None:
            return self
        if isinstance(self.network, KernelFamily | QuantumNetwork):
            raise ValueError(
                f"training.privacy: a network of kind {self.network.kind} keeps or fits its training examples as they "
                "are; take one that is trained by steps, such as gabor, cnn or mlp"
            )
        if self.validation.folds:
            raise ValueError(
                f"training.privacy: {self.validation.folds} folds train as many networks more on the same examples, "
                "which nobody counts: set validation.folds to 0"
            )
        return self

    @property
    def is_quantum(self) -> bool:
        """Whether the network runs on a quantum processor, and on no chip."""
        return isinstance(self.network, QuantumNetwork)

    def load_data(self) -> Dataset:
        """The data set as this recipe's task sees it. Raises BadInput."""
        return self.prepare(self.data.load(seed=self.seed))

    def prepare(self, loaded: Dataset) -> Dataset:
        """What `data` loaded, as this recipe's task sees it. Raises BadInput."""
        if self.principal_components is not None:
            loaded = as_components(loaded, self.principal_components)
        return as_task(loaded, self.task, anomalies=self.anomalies)

    def trained_by(self) -> dict[str, Any]:
        """The fields, as plain values, that the trained weights depend on: those of judging and names are left out."""
        return self.model_dump(mode="json", exclude=_NOT_TRAINED)

    def calibration_part(self, dataset: Dataset) -> Examples:
        """What ranges of int8 and other plain statistics are taken from: of a private recipe what is not protected."""
        return dataset.train if self.training.privacy is None else dataset.validation

    def network_for(self, dataset: Dataset) -> Network:
        """The network's settings, with the data set's vocabulary where a family asks for one and none is given."""
        network: Network = self.network
        if getattr(network, "vocabulary", 0) is None and dataset.vocabulary_size is not None:
            return network.model_copy(update={"vocabulary": dataset.vocabulary_size})
        return network


def shipped_recipes() -> tuple[str, ...]:
    """Names of the recipes that the package brings."""
    names = (entry.name for entry in _folder().iterdir() if entry.name.endswith(_SUFFIX))
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in names))


def load_recipe(name_or_path: str | Path, settings: Sequence[str] = (), *, allow: Collection[str] = ()) -> Recipe:
    """A shipped recipe by name, or the recipe in a YAML file; `settings` replace fields, as "training.epochs=3".

    The value of a setting is a YAML value. A network of kind `function` that the file names is code: it is refused
    unless `allow` names it, as `package.module:function`, or a setting does. Raises BadInput with all faults in one
    message, each with the nearest right name where a key or a kind is unknown.
    """
    recipe = parse_recipe(name_or_path, settings)
    if not _FUNCTION_FIELDS & parse_overrides(settings).keys():
        refuse_functions(recipe.network, allow=allow, origin=f"recipe {name_or_path}")
    return recipe


def change_fields(recipe: Recipe, settings: Sequence[str]) -> Recipe:
    """The recipe with fields replaced by settings, as load_recipe replaces them. Raises BadInput."""
    fields = recipe.model_dump(mode="json")
    for path, value in parse_overrides(settings).items():
        _set(fields, path, _value(path, value))
    return read_recipe(fields, origin=recipe.name)


def load_calibration_part(name_or_path: str | Path) -> Examples:
    """The calibration part of a recipe's data, by name or YAML file, whatever its network is: that is never built.

    Raises BadInput.
    """
    recipe = parse_recipe(name_or_path)
    return recipe.calibration_part(recipe.load_data())


def parse_recipe(name_or_path: str | Path, settings: Sequence[str] = ()) -> Recipe:
    """As load_recipe, for who never builds the network: a function that the file names is no matter."""
    text, origin = _find_text(name_or_path)
    document = parse_document(text, origin=f"recipe {origin}", form=_FORM)
    changes = parse_overrides(settings)
    for path, value in changes.items():
        _set(document.fields, path, _value(path, value))
    shipped = origin in shipped_recipes()
    lines = {} if shipped else {path: line for path, line in document.lines.items() if path not in changes}
    return read_recipe(document.fields, origin=origin, lines=lines)


def read_recipe(fields: Mapping[str, Any], *, origin: str, lines: Mapping[str, int] = NO_LINES) -> Recipe:
    """The recipe of parsed YAML or JSON; its BadInput names `origin`, and the line of a field by `lines`."""
    try:
        return Recipe.model_validate(fields)
    except ValidationError as error:
        raise BadInput(describe_faults(error, Recipe, origin=f"recipe {origin}", given=fields, lines=lines)) from error


def nearest_recipe_field(path: str, others: Sequence[str] = ()) -> str | None:
    """The field of a recipe, or of `others`, that a wrong dotted path was meant to be; None where none is near."""
    return nearest_field(path, [*field_paths(recipe_schema(), None), *others])


def recipe_schema() -> dict[str, Any]:
    """The JSON Schema of a recipe file."""
    return Recipe.model_json_schema()


def _find_text(name_or_path: str | Path) -> tuple[str, str]:
    name = str(name_or_path)
    if name in shipped_recipes():
        return (_folder() / f"{name}{_SUFFIX}").read_text(encoding="utf-8"), name
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml") and not path.exists():
        hint = nearest_in_brackets(name, shipped_recipes())
        raise BadInput(f"there is no recipe '{name}'{hint}: {', '.join(shipped_recipes())}; or name a YAML file")
    try:
        return read_ordinary_text(path), name
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file in UTF-8"
        raise BadInput(f"recipe {path}: {reason}; shipped are {', '.join(shipped_recipes())}") from error


def _value(path: str, text: str) -> Any:
    try:
        return parse_value(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadInput(f"setting {path}={text:.80}: the value is not YAML") from error


def _set(fields: dict[str, Any], path: str, value: Any) -> None:
    """Replace one field; a section that changes its `kind` loses the fields of the old one.

    What a file has in place of a section with a kind gives way to it: a word alone is the kind, nothing is no field.
    """
    *sections, name = path.split(".")
    for place, section in enumerate(sections, start=1):
        inner = fields.setdefault(section, {})
        if inner is None:
            inner = fields[section] = {}
        elif not isinstance(inner, dict):
            if not _has_kinds(sections[:place]):
                raise BadInput(f"setting {path}: {section} is a single value and has no fields")
            inner = fields[section] = {KIND: inner} if isinstance(inner, str) else {}
        fields = inner
    if name == "kind" and fields.get("kind") != value:
        fields.clear()
    fields[name] = value


def _has_kinds(place: Sequence[str]) -> bool:
    """Whether a section of one of several kinds stands there."""
    schema = recipe_schema()
    here = schema
    for name in place:
        here = follow(here, schema).get("properties", {}).get(name, {})
    return bool(union_of(here, schema))


def _folder() -> Traversable:
    return resources.files("chipsmith.learn") / "recipes"
