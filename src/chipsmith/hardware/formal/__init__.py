"""Proofs of the properties that stand in the RTL: what is proved of which module, how, and on what assumptions."""
