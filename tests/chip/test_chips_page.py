"""docs/chips.md holds the table of fields as the model gives it."""

from pathlib import Path

from chipsmith.chip import catalogue, load_chip
from chipsmith.chip.fields import field_table

PAGE = Path(__file__).parents[2] / "docs" / "chips.md"
BEGIN = "<!-- generated from the model: fields -->\n"
END = "\n<!-- end of generated text -->"


def test_the_page_holds_the_fields_of_the_model():
    """After a change of the model, paste the output of `field_table()` between the two comments."""
    text = PAGE.read_text()
    generated = text[text.index(BEGIN) + len(BEGIN) : text.index(END)]
    assert generated == field_table()


def test_the_page_holds_the_catalogue():
    text = PAGE.read_text()
    for chip in map(load_chip, catalogue()):
        kib = chip.on_chip_bytes >> 10
        size = f"{kib >> 10} MiB" if kib >= 1024 else f"{kib} KiB"
        row = (
            f"| `{chip.name}` | {chip.tensor.rows} x {chip.tensor.columns} | {size} | {chip.clock_mhz} MHz "
            f"| {chip.technology.node_nm} nm | {chip.external.kind}, {chip.external.bytes_per_cycle} bytes a cycle |"
        )
        assert row in text
