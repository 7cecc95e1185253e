"""The meaning of graphs in floating point, for many inferences at once."""
