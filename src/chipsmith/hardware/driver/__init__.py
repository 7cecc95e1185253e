"""The machine's driver in C: its register header, a compiled network and its golden vector as C sources."""
