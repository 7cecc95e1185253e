"""Portable C11 of a network: one header and one source from its integer graph, exact to the bit, one static arena"""
