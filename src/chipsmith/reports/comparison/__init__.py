"""Runs side by side: what differs in their answers, their figures, their layers, and in what they were made of."""
