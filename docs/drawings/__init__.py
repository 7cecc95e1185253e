"""The pictures of the documentation, each a function that returns the text of an SVG file."""
