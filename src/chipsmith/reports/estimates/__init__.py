"""The page of `chipsmith estimate`: a network on one chip or several, side by side."""
