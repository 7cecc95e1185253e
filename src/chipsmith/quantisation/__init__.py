"""From a network in floating point to its integers: ranges, a plan of scales, and one lowering."""
