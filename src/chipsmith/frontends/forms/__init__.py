"""Operators as the frameworks mean them, written in TOSA's floating-point operators: shared by all front ends."""
