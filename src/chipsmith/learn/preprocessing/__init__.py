"""Preprocessing: what is done to raw data before the network, saved with it and repeated wherever it is used."""

from chipsmith.learn.preprocessing.images import ImageReader
from chipsmith.learn.preprocessing.preprocessing import Preprocessing
from chipsmith.learn.preprocessing.scaling import Standardise

__all__ = ["ImageReader", "Preprocessing", "Standardise"]
