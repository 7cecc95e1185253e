"""Passes over graphs: a verified graph to a verified graph of the same meaning."""
