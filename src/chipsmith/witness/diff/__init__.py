"""Layer by layer, what quantisation and the chip change."""
