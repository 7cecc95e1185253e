"""Preprocessing: what is done to raw data before the network, saved with it and repeated wherever it is used."""

from chipsmith.learn.preprocessing.columns import Column, ColumnsReader
from chipsmith.learn.preprocessing.components import PrincipalComponents
from chipsmith.learn.preprocessing.images import ImageReader
from chipsmith.learn.preprocessing.preprocessing import Preprocessing
from chipsmith.learn.preprocessing.scaling import Standardise
from chipsmith.learn.preprocessing.series import Fill, SeriesReader
from chipsmith.learn.preprocessing.sound import LogMel, Mfcc, SoundReader
from chipsmith.learn.preprocessing.text import BytesReader, CharactersReader, SubwordsReader, TextReader
from chipsmith.learn.preprocessing.tokenisers import (
    BytesTokeniser,
    CharactersTokeniser,
    SubwordsTokeniser,
    Tokeniser,
)

__all__ = [
    "BytesReader",
    "BytesTokeniser",
    "CharactersReader",
    "CharactersTokeniser",
    "Column",
    "ColumnsReader",
    "Fill",
    "ImageReader",
    "LogMel",
    "Mfcc",
    "Preprocessing",
    "PrincipalComponents",
    "SeriesReader",
    "SoundReader",
    "Standardise",
    "SubwordsReader",
    "SubwordsTokeniser",
    "TextReader",
    "Tokeniser",
]
