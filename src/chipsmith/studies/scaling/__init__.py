"""Scalability: a network over batch, threads and size of the chip, what binds where, and where more stops helping."""
