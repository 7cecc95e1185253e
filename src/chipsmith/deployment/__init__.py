"""A Program with what raw data needs before it and answers after it."""
