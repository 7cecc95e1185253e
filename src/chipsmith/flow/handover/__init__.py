"""A design of a search, handed over: its files, what is claimed of it, and the script that derives the claims again."""
