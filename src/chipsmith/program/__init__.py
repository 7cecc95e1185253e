"""What the machine runs: instructions, their bits and cycles, the Program, its file and its text."""
