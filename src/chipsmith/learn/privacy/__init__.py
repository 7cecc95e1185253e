"""Training whose result tells little of any example, what that promise covers, and the attacks that try it."""
