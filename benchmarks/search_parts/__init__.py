"""What benchmarks/search.py measures, a module a section."""
