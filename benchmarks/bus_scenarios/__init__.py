"""Inferences on a bus that behaves badly: shared by benchmarks/axi.py and tests/hardware/test_axi.py."""
