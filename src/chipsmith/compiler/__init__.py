"""Graph and Chip to Program: canonicalise, fuse, lay out, schedule, place in memory, lower."""
