"""The words of the page in Chinese."""

from __future__ import annotations

from chipsmith.systems.texts.english import ENGLISH_TEXTS

CHINESE_TEXTS = ENGLISH_TEXTS
