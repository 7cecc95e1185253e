"""Graph to chains: the operators that one kernel of the machine computes together."""
