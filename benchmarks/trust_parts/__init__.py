"""Parts of the benchmark of trust: each file measures one thing by `measure()`."""
