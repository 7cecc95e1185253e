"""The parts of benchmarks/silicon.py: chips that are drawn, their logic at the gates, the fit, its errors."""
