"""A network as a folder of C: its function of integers, predict() around it, a test, a Makefile, a page about it."""
