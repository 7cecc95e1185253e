"""The languages that the page of generations is written in."""

from __future__ import annotations

from enum import StrEnum

from chipsmith.systems.texts.chinese import CHINESE_TEXTS
from chipsmith.systems.texts.english import ENGLISH_TEXTS
from chipsmith.systems.texts.page_texts import PageTexts


class Language(StrEnum):
    """A language by its code, as HTML's `lang` takes it."""

    ENGLISH = "en"
    CHINESE = "zh"


TEXTS = {Language.ENGLISH: ENGLISH_TEXTS, Language.CHINESE: CHINESE_TEXTS}


def texts_in(language: Language) -> PageTexts:
    """All words of the page in a language."""
    return TEXTS[language]
