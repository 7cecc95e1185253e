"""A Program that listens: raw data piece by piece, decisions as soon as they are there."""
