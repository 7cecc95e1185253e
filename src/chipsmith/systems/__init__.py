"""Generations of hardware side by side: published, measured, simulated and emulated figures of the same networks"""
