"""How a kernel sits on a chip: its tiles, and what they cost."""
