"""What one inference of a Program costs: cycles, bytes, joules, by kernel and in total, and its chip's price."""
