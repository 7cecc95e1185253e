"""PyTorch modules: exported, quantised and lowered to TOSA."""
