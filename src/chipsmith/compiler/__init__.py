"""Graph and Chip to Program, a folder a stage: fuse, lower, spill, allocate, schedule, emit."""
