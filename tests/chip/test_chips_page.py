"""docs/chips.md holds the table of fields as the model gives it."""

from pathlib import Path

from chipsmith.chip.fields import field_table

PAGE = Path(__file__).parents[2] / "docs" / "chips.md"
BEGIN = "<!-- generated from the model: fields -->\n"
END = "\n<!-- end of generated text -->"


def test_the_page_holds_the_fields_of_the_model():
    """After a change of the model, paste the output of `field_table()` between the two comments."""
    text = PAGE.read_text()
    generated = text[text.index(BEGIN) + len(BEGIN) : text.index(END)]
    assert generated == field_table()
