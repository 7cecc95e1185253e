"""Addresses in the on-chip memory, for activations and for constants."""
