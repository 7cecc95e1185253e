"""The check at the author's own network: its source beside the compiled program, from input to output."""
