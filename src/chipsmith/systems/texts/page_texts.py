"""The nouns of the page's words: PageTexts and its groups.

A sentence holds format fields in braces where figures stand: `{l4r5_tvm_image_ms}`, named as
`chipsmith.systems.texts.quotes` says; a sentence is shown where the rows of the page give all its figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chipsmith.profile.profile import Evidence
from chipsmith.systems.row import Generation, SystemRow
from chipsmith.systems.texts.spine import ChipGeneration, LearningGeneration, NamedSystem


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A heading and its sentences, in order, each with format fields where its figures stand."""

    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ColumnTexts:
    """The heads of the table."""

    network: str
    system: str
    generation: str
    how: str
    latency: str
    p99: str
    energy: str
    instructions: str
    boundary: str
    source: str
    fastest: str
    """Of a generation's short table: the row with the least latency on a network."""
    least_energy: str
    """The same by energy."""
    accuracy: str
    """With its interval."""


@dataclass(frozen=True, kw_only=True)
class FilterTexts:
    """What stands at the controls that filter and group the table."""

    network: str
    generation: str
    how: str
    search: str
    any_value: str
    group_by: str
    clear: str
    shown: str
    """With the fields {shown} and {total}."""


@dataclass(frozen=True, kw_only=True)
class PictureTexts:
    """Titles, axes and captions of the pictures."""

    latency_energy: str
    latency_axis: str
    energy_axis: str
    equal_product: str
    """The legend of a line of equal latency times energy, with the field {product}."""
    latency_energy_caption: str
    roofline: str
    intensity_axis: str
    performance_axis: str
    roofline_caption: str
    cores: str
    cores_axis: str
    speedup_axis: str
    ideal: str
    cores_caption: str


@dataclass(frozen=True, kw_only=True)
class NoteTexts:
    """Short words about cells and rows."""

    left_out: str
    """The head of the list of systems that are not shown, each with its reason."""
    other_tasks: str
    """With the field {count}: published rows of other tasks."""
    instructions: str
    """Why counted instructions have no time."""
    quantum: str
    """What stands at the line above the quantum rows."""
    no_gpu: str
    """Why no GPU row is published, and how one comes in."""
    computer: str
    """With the field {computer}: what measured."""
    systems_counted: str
    """With the fields {rows}, {systems} and {published}: how much is on the page, and how many systems published."""
    rooflines: str
    """With the fields {machine}, {precision} and {obtained}: from what a roof is."""
    nothing_here: str
    """Under a generation that has no row on the page."""


@dataclass(frozen=True, kw_only=True)
class StudyTexts:
    """What the rows of the quantum study are called, by the study's own names; others are shown by those."""

    tasks: Mapping[str, str]
    models: Mapping[str, str]
    modes: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class HeadingTexts:
    """The headings of the page's parts."""

    learning: str
    chips: str
    systems: str
    pictures: str
    table: str
    recipes: str
    quantum: str
    """Of the rows below the line."""
    boundaries: str
    """Of the list of all that is inside of figures, in full."""
    legend: str
    """Of the list of what the labels of cells mean."""


@dataclass(frozen=True, kw_only=True)
class PageTexts:
    """All words of the page in one language."""

    title: str
    introduction: tuple[str, ...]
    sentence_gap: str
    """What stands between two sentences of a paragraph."""
    colon: str
    """What stands between whose a system is and its name."""
    comma: str
    headings: HeadingTexts
    columns: ColumnTexts
    filters: FilterTexts
    pictures: PictureTexts
    notes: NoteTexts
    study: StudyTexts
    evidence: Mapping[Evidence, str]
    """The label of a cell."""
    evidence_meanings: Mapping[Evidence, str]
    generations: Mapping[Generation, str]
    learning: Mapping[LearningGeneration, Chapter]
    chips: Mapping[ChipGeneration, Chapter]
    systems: Mapping[NamedSystem, Chapter]
    networks: Mapping[str, str]
    """What networks are, by the name of their rows; others are shown by that name."""
    phrases: Mapping[str, str]
    """Sentences of rows (what is inside of a figure) in this language, by the English one; others stay English."""

    def phrase(self, sentence: str) -> str:
        """A row's sentence in this language, where it is known in it."""
        return self.phrases.get(sentence, sentence)

    def name_network(self, name: str) -> str:
        """What the page calls a network, by the name of its rows."""
        return self.networks.get(name, name)

    def name_system(self, row: SystemRow) -> str:
        """A row's system with whose it is: organisations in this language, where they are known in it."""
        owner = self.phrase(row.organisation)
        return f"{owner}{self.colon}{row.system}" if owner else row.system

    def name_task(self, row: SystemRow) -> str:
        """The task of a row of the quantum study."""
        return self.study.tasks.get(row.network, row.network)

    def name_model(self, row: SystemRow) -> str:
        """What a row of the quantum study, whose system is its model and mode, is of."""
        model, _, mode = row.system.partition(", ")
        return f"{self.study.models.get(model, model)}{self.comma}{self.study.modes.get(mode, mode)}"

    @property
    def chapters(self) -> tuple[Chapter, ...]:
        """All chapters, in the order of the page."""
        return (*self.learning.values(), *self.chips.values(), *self.systems.values())

    @property
    def sentences(self) -> tuple[str, ...]:
        """The sentences of all chapters."""
        return tuple(sentence for chapter in self.chapters for sentence in chapter.sentences)
