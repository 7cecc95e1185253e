"""From a float network and its plan to the integer graph: one lowering for every front end."""
