"""PyTorch modules of circuits: imported inside functions alone, for they need torch as they are read."""
