"""PyTorch modules of the families: imported by `build` alone, for they need torch as they are read."""
