"""Tensors that do not fit on the chip: which live in external memory, and the slices and windows that touch them."""
