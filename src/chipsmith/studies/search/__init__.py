"""Search of designs: pairs of network and chip within budgets, by the oracle, beside random search."""
