"""Chipsmith designs neural networks and the chips they run on together."""

__version__ = "0.1.0"
