"""Quantum circuits that learn: classifiers and kernels, simulated exactly, by shots and with the noise of devices"""
