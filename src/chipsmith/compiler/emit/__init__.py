"""The Program: instructions, the image of external memory, and the manifest."""
