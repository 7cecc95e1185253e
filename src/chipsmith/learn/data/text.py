"""Data sets of text: sentences with classes, and long texts whose next token is asked for."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from chipsmith.errors import BadInput
from chipsmith.learn.data.assemble import array_parts, assemble
from chipsmith.learn.data.dataset import Dataset
from chipsmith.learn.data.examples import WindowExamples
from chipsmith.learn.data.files import find_file, find_folder, naming, read_table, read_text
from chipsmith.learn.data.origin import Omitted, Origin
from chipsmith.learn.data.section import DataSection
from chipsmith.learn.data.splits import Shares, Split, cut_text, split_stratified
from chipsmith.learn.data.table_columns import TableColumns
from chipsmith.learn.data.targets import class_targets
from chipsmith.learn.data.task import Task
from chipsmith.learn.limits import MOST_TOKENS
from chipsmith.learn.preprocessing import CharactersTokeniser, Preprocessing, SubwordsTokeniser, Tokeniser
from chipsmith.learn.preprocessing.step import printable

Labelled = list[tuple[str, str]]
"""Texts, each with its class."""

_BETWEEN_WORDS = re.compile(r"\W+")
_POLARITIES = {"neg": "negative", "pos": "positive"}
_SENTIMENTS = {"0": "negative", "1": "positive"}
_LETTERS = 60
"""Of a text, in a message."""
_SST2_PARTS = ("train", "dev", "test")
SMALL_SHARES = Shares(validation=0.1, test=0.1)


class SentencesData(DataSection):
    """English sentences from film reviews, negative or positive, as int32 tokens (length).

    Recipe: `data: {kind: sentences, path: $CHIPSMITH_DATA/rt_polarity_sst2, corpus: rt-polarity}`. `rt-polarity` reads
    rt-polarity.neg and .pos, and is split by seed and `shares`, stratified. `sst2` reads sst2_train.tsv, _dev and
    _test, and keeps its own parts. No sentence is in two parts: of sentences with the same words one is kept (of sst2's
    the test's, then the validation's), and none where their classes differ. The vocabulary is chosen on the training
    part.
    """

    kind: Literal["sentences"] = "sentences"
    path: str
    corpus: Literal["rt-polarity", "sst2"] = "rt-polarity"
    length: int = Field(
        default=48, ge=1, le=MOST_TOKENS, description="tokens; longer sentences are cut, shorter ones padded"
    )
    tokeniser: Tokeniser = SubwordsTokeniser(vocabulary=4096, lower=True)
    shares: Shares = SMALL_SHARES

    def load(self, *, seed: int) -> Dataset:
        """The data set. Raises BadInput, naming the file, where one is missing or foreign."""
        folder = find_folder(self.path)
        if self.corpus == "sst2":
            given = [_sst2(folder / f"sst2_{part}.tsv") for part in _SST2_PARTS]
            texts, split = _keep_parts(given, seed=seed)
            every = [pair for part in given for pair in part]
        else:
            every = [pair for end, name in _POLARITIES.items() for pair in _polarity(folder, end, name)]
            texts = distinct(every)
            with naming(folder):
                split = _split_classes(texts, self.shares, seed=seed)
        return _classified(
            name=self.corpus,
            source=f"film reviews, {self.corpus}: {len(texts)} sentences, no two alike",
            texts=texts,
            omitted=omit(every, texts),
            class_names=tuple(_POLARITIES.values()),
            split=split,
            tokeniser=self.tokeniser,
            length=self.length,
        )


class TextTableData(DataSection):
    """A CSV file (.tsv: tabs) with a column of texts and a column of classes, as int32 tokens (length).

    Recipe: `data: {kind: text_table, path: mails.csv, text: body, label: folder}`. The first line names the columns.
    The split is stratified; texts with the same words count once, and not at all where their classes differ. `classes`
    gives the classes an order, and refuses others.
    """

    kind: Literal["text_table"] = "text_table"
    path: str
    text: str = Field(default="text", description="the column of texts")
    label: str = Field(default="label", description="the column of classes")
    classes: tuple[str, ...] | None = None
    length: int = Field(
        default=64, ge=1, le=MOST_TOKENS, description="tokens; longer texts are cut, shorter ones padded"
    )
    tokeniser: Tokeniser = SubwordsTokeniser(vocabulary=4096, lower=True)
    shares: Shares = Shares()

    @property
    def table_columns(self) -> TableColumns:
        """As DataSection.table_columns."""
        return TableColumns(text=self.text, targets=(self.label,))

    def load(self, *, seed: int) -> Dataset:
        """The data set. Raises BadInput, naming the file and the row, for an empty text or label."""
        file = find_file(self.path)
        rows = read_table(file, columns=(self.text, self.label))
        empty = [number for number, row in enumerate(rows, start=2) if not row[self.text]]
        if empty:
            raise BadInput(f"{file}, row {empty[0]}: the text is empty")
        labels = [row[self.label] for row in rows]
        class_names = class_targets(labels, self.classes, file=file, rows=range(2, len(rows) + 2)).names
        every = [(row[self.text], row[self.label]) for row in rows]
        texts = distinct(every)
        with naming(file):
            split = _split_classes(texts, self.shares, seed=seed)
        return _classified(
            name=file.stem,
            source=f"{file}: {len(texts)} of {len(rows)} texts, no two alike; stratified split",
            texts=texts,
            omitted=omit(every, texts),
            class_names=class_names,
            split=split,
            tokeniser=self.tokeniser,
            length=self.length,
        )


class CharactersData(DataSection):
    """One text file for language modelling: windows of `length` int32 tokens, whose next tokens are asked for.

    Recipe: `data: {kind: characters, path: $CHIPSMITH_DATA/tiny_shakespeare/input.txt, length: 64}`. The first stretch
    of the text is for training, the next for validation, the last for test. Training windows begin every `stride`
    tokens (half a window, where it is not given) and are mixed by seed; those of validation and test do not overlap, so
    that each token is judged once. `tokeniser` may be characters, bytes or subwords (with keep_spaces).
    """

    kind: Literal["characters"] = "characters"
    path: str
    length: int = Field(default=64, ge=1, le=MOST_TOKENS, description="tokens of a window")
    stride: int | None = Field(
        default=None, ge=1, le=MOST_TOKENS, description="tokens from one training window to the next"
    )
    tokeniser: Tokeniser = CharactersTokeniser()
    shares: Shares = SMALL_SHARES

    def load(self, *, seed: int) -> Dataset:
        """The data set. Raises BadInput where the file is no UTF-8 or too short for a window in each part."""
        file = find_file(self.path)
        text = read_text(file)
        with naming(file):
            stretches = [text[part] for part in cut_text(len(text), self.shares)]
        reader = self.tokeniser.fit(stretches[:1], length=self.length)
        train, validation, test = (np.array(reader.encode(stretch), np.int32) for stretch in stretches)
        return assemble(
            name=file.stem,
            source=f"{file}: {len(text)} characters, three stretches in order",
            task=Task.LANGUAGE,
            class_names=reader.symbols,
            parts=(
                _mixed(self._windows(train, self.stride or max(1, self.length // 2), file), seed),
                self._windows(validation, self.length, file),
                self._windows(test, self.length, file),
            ),
            preprocessing=Preprocessing(reader=reader),
        )

    def _windows(self, tokens: NDArray[np.int32], stride: int, file: Path) -> WindowExamples:
        starts = np.arange(0, len(tokens) - self.length, stride)
        if len(starts) == 0:
            raise BadInput(f"{file} is too short: a part of {len(tokens)} tokens has no window of {self.length}")
        return WindowExamples(tokens=tokens, starts=starts, length=self.length)


def _mixed(windows: WindowExamples, seed: int) -> WindowExamples:
    return windows.select(np.random.default_rng(seed).permutation(len(windows)))


def distinct(texts: Labelled) -> Labelled:
    """One of each group of texts with the same words, the first; none of a group whose classes differ."""
    return [group[0] for group in _by_words(texts).values() if len({label for _, label in group}) == 1]


def omit(texts: Labelled, kept: Labelled) -> Omitted:
    """What was left out where `kept` were taken from these texts."""
    several = [group for group in _by_words(texts).values() if len({label for _, label in group}) > 1]
    conflicts = sum(map(len, several))
    examples = tuple(" = ".join(_told(text, label) for text, label in group) for group in several[: Omitted.NAMED])
    return Omitted(copies=max(0, len(texts) - len(kept) - conflicts), conflicts=conflicts, examples=examples)


def _told(text: str, label: str) -> str:
    return f"'{printable(text[:_LETTERS])}' ({label})"


def _by_words(texts: Labelled) -> dict[str, Labelled]:
    groups: dict[str, Labelled] = defaultdict(list)
    for text, label in texts:
        groups[words(text)].append((text, label))
    return groups


def words(text: str) -> str:
    """The small letters and digits of a text, without what is between words: what makes two texts the same."""
    return _BETWEEN_WORDS.sub(" ", text.lower()).strip()


def _polarity(folder: Path, end: str, name: str) -> Labelled:
    return [(line, name) for line in _lines(folder / f"rt-polarity.{end}")]


def _lines(file: Path) -> list[str]:
    """The lines that hold something."""
    return [line.strip() for line in read_text(find_file(str(file))).split("\n") if line.strip()]


def _sst2(file: Path) -> Labelled:
    """`text TAB 0 or 1` a line, without a first line of names."""
    pairs = [line.rsplit("\t", 1) for line in _lines(file)]
    for number, pair in enumerate(pairs, start=1):
        if len(pair) != 2 or pair[1] not in _SENTIMENTS:
            raise BadInput(f"{file}, row {number}: a text, a tab and 0 or 1 are needed")
    return [(text, _SENTIMENTS[label]) for text, label in pairs]


def _keep_parts(given: Sequence[Labelled], *, seed: int) -> tuple[Labelled, Split]:
    """Parts that are given, in a random order, without what a later part has too."""
    seen: set[str] = set()
    kept: list[Labelled] = []
    for part in reversed(given):
        fresh = [pair for pair in distinct(part) if words(pair[0]) not in seen]
        seen |= {words(text) for text, _ in part}
        kept.insert(0, fresh)
    generator = np.random.default_rng(seed)
    ends = np.cumsum([0, *map(len, kept)])
    orders = [int(ends[index]) + generator.permutation(len(part)) for index, part in enumerate(kept)]
    return [pair for part in kept for pair in part], Split(train=orders[0], validation=orders[1], test=orders[2])


def _split_classes(texts: Labelled, shares: Shares, *, seed: int) -> Split:
    _, labels = np.unique(np.array([label for _, label in texts]), return_inverse=True)
    return split_stratified(labels.astype(np.int64), shares.counts(len(texts)), seed=seed)


def _classified(
    *,
    name: str,
    source: str,
    texts: Labelled,
    omitted: Omitted,
    class_names: tuple[str, ...],
    split: Split,
    tokeniser: Tokeniser,
    length: int,
) -> Dataset:
    reader = tokeniser.fit((texts[index][0] for index in split.train), length=length)
    tokens = np.stack([reader.read(text) for text, _ in texts])
    labels = np.array([class_names.index(label) for _, label in texts], np.int64)
    return assemble(
        name=name,
        source=source,
        class_names=class_names,
        parts=array_parts(tokens, labels, split),
        preprocessing=Preprocessing(reader=reader),
        origin=Origin(
            split=split,
            name_item=lambda item: _told(*texts[item]),
            traits=lambda item: {"characters": float(len(texts[item][0]))},
            omitted=omitted,
            raw=lambda item: texts[item][0],
        ),
    )
