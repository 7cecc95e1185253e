"""Compression: networks made smaller and faster on a chip, with their accuracy held."""
