"""Whether an example looks like those that a network was trained on: traits of raw data, and a coarse picture of it."""

from chipsmith.learn.likeness.fit import fit_likeness
from chipsmith.learn.likeness.likeness import Likeness, Unlike

__all__ = ["Likeness", "Unlike", "fit_likeness"]
