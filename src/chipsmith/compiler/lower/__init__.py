"""Chains to kernels: instructions whose addresses are still open."""
