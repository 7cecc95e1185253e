"""The parts of benchmarks/axi.py: each file has `measure()`, which gives figures by name."""
