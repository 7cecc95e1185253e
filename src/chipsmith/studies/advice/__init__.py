"""Why an inference takes what it takes, and what would help: every gain that is named was simulated."""
