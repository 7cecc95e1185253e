"""The parts of benchmarks/generations.py: each file has `measure()`, which gives figures by name."""
