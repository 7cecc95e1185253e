"""Comparisons with what others wrote: the reference model, official cases, source frameworks, RTL."""
