"""Traits of a text: letters of other scripts, characters that training never had, words that it had, its length."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from chipsmith.learn.likeness.trait import Trait, TraitValues
from chipsmith.shown import Shown

_WORDS = 300
_CHARACTERS = 500
_FEWEST_WORDS = 4
"""A shorter text says little about its words."""
_RARE = 0.001
"""A script that fewer letters of training are of is not theirs."""
_WORD = re.compile(r"\w+")

TEXT_TRAITS = {
    "other letters": Trait(
        more="in letters of another script than the training texts ({value} of its letters, in training {low} to "
        "{high})",
        less=None,
        resolution=0.02,
        rank=0,
    ),
    "new characters": Trait(
        more="with characters that the training texts did not have ({value} of all, in training {low} to {high})",
        less=None,
        resolution=0.02,
    ),
    "known words": Trait(
        more=None,
        less="in other words than the training texts: {value} of them are among their commonest (in training {low} to "
        "{high}), as in another language",
        resolution=0.02,
    ),
    "length": Trait(
        more="longer ({value} characters, in training {low} to {high}); what is beyond the network's length is cut",
        less=None,
        resolution=1.0,
        form=",.0f",
    ),
}


class KnownTexts(Shown, BaseModel):
    """What training texts were made of: their commonest characters and words, and the scripts of their letters.

    `whole`: examples are whole texts, and not beginnings to be gone on with, of which the characters alone count.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    characters: str
    words: tuple[str, ...]
    scripts: tuple[str, ...]
    whole: bool

    @classmethod
    def of(cls, texts: Iterable[str], *, whole: bool) -> KnownTexts:
        """What these texts are made of; `whole` as in `measure`."""
        characters: Counter[str] = Counter()
        words: Counter[str] = Counter()
        for text in texts:
            characters.update(text.lower())
            words.update(_WORD.findall(text.lower()))
        common = sorted(character for character, _ in characters.most_common(_CHARACTERS))
        scripts = Counter(script for character in characters.elements() if (script := _script(character)))
        total = sum(scripts.values())
        return cls(
            characters="".join(common),
            words=tuple(sorted(word for word, _ in words.most_common(_WORDS))),
            scripts=tuple(sorted(script for script, count in scripts.items() if count > _RARE * total)),
            whole=whole,
        )

    def measure(self, text: str) -> TraitValues:
        """The traits of a text."""
        small = text.lower()
        letters = [script for character in small if (script := _script(character))]
        measured = {
            "other letters": _share(script not in self.scripts for script in letters),
            "new characters": _share(character not in self.characters for character in small),
        }
        if not self.whole:
            return measured
        words = _WORD.findall(small)
        if len(words) >= _FEWEST_WORDS:
            measured["known words"] = _share(word in self.words for word in words)
        return {**measured, "length": float(len(text))}


def _share(marks: Iterable[bool]) -> float:
    listed = list(marks)
    return sum(listed) / len(listed) if listed else 0.0


def _script(character: str) -> str:
    """The first word of a letter's name, which is its script; empty for what is no letter."""
    return unicodedata.name(character, "").partition(" ")[0] if character.isalpha() else ""
