"""Searches over networks and chips: budgets, objectives, trials."""
