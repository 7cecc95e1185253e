"""What a run was made of, and what it has wrong: parts of its record, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from chipsmith.shown import Shown


@dataclass(frozen=True, kw_only=True)
class RecipeChange(Shown):
    """A field of a recipe that is not as in its base: values as YAML, None where a side has no such field."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, kw_only=True)
class RecipeRecord(Shown):
    """The recipe of a run, whole, with all that was set by hand or by default, as YAML.

    `base` says which recipe it was made of, such as "the shipped recipe digits", empty where none is known; `changes`
    are what settings, seed and network made different from that.
    """

    yaml: str
    base: str = ""
    changes: tuple[RecipeChange, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CommandRecord(Shown):
    """What repeats a run: a command for a shell, and the same call in Python.

    `files` are files of the run folder that it names, for recipes and chips that had no name of their own.
    """

    shell: str
    python: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SplitPart(Shown):
    """A part of the data: its name, how many examples it has, and a SHA-256 of them; empty where that is private."""

    name: str
    examples: int
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class SplitsRecord(Shown):
    """How the data were split: where they come from and how, in words; by which seed; and each part."""

    how: str
    seed: int
    parts: tuple[SplitPart, ...]

    def part(self, name: str) -> SplitPart | None:
        """The part of this name."""
        return next((part for part in self.parts if part.name == name), None)


@dataclass(frozen=True, kw_only=True)
class LayerParameters(Shown):
    """The parameters of a layer: the path of its module, the module's class, the shape of each tensor, their number."""

    layer: str
    kind: str
    shapes: tuple[str, ...]
    count: int


@dataclass(frozen=True, kw_only=True)
class ParametersRecord(Shown):
    """The numbers of a network that training chooses, counted in its module: `total` of them, layer by layer.

    `fixed` more are kept with them: means of a normalisation, or the examples of a kernel machine.
    """

    total: int
    fixed: int = 0
    layers: tuple[LayerParameters, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Mistake(Shown):
    """A test example that was answered wrongly, or badly: its place in the test part, its name, the truth, the answer.

    `probability` is the answer's, `true_probability` the truth's, of a classifier; `residual` of a regression: answer
    minus truth in their own units. `picture` is a PNG in base64, `text` what a text says, where the example is such.
    """

    index: int
    name: str
    target: str
    answer: str
    probability: float | None = None
    true_probability: float | None = None
    residual: float | None = None
    picture: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class MistakesRecord(Shown):
    """Some test examples that were answered worst, in `order`; `wrong` of `count` are wrong, None where none is."""

    order: str
    count: int
    wrong: int | None
    shown: tuple[Mistake, ...]
