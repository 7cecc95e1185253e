"""The page of the generations: one table of all systems, its pictures, and what they show, in two languages."""
