"""Files that are changed at random and used: what a stranger's file can do to whoever opens it."""
