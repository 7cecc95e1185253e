"""The words of the page of generations, a PageTexts in each language, and the figures that its sentences quote"""

from chipsmith.systems.texts.languages import Language, texts_in
from chipsmith.systems.texts.page_texts import PageTexts
from chipsmith.systems.texts.spine import ChipGeneration, LearningGeneration, NamedSystem

__all__ = ["ChipGeneration", "Language", "LearningGeneration", "NamedSystem", "PageTexts", "texts_in"]
