"""The order of all instructions."""
