"""Simulation of a Program: functional (bits) and cycle (time); neither reads the other."""
