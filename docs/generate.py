"""Writes what the documentation takes from the code: `python docs/generate.py`; with `--check` it only compares.

A page that has such a part has a row in PAGES: its path from this folder, and a function from its present text to the
text that it should have. A part of a page stands between `<!-- generated: NAME -->` and `<!-- end of generated -->`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from chipsmith.api import VERBS
from chipsmith.api.document import verb_table, word_tables
from chipsmith.chip import catalogue, load_chip
from chipsmith.chip.fields import catalogue_table, field_table
from chipsmith.files import write_whole
from chipsmith.learn import recipe_schema
from chipsmith.tosa.document import document

DOCS = Path(__file__).parent

Page = Callable[[str], str]


def replace_parts(text: str, parts: Mapping[str, str]) -> str:
    """A page with each part of that name replaced; raises ValueError for a part that the page has not."""
    for name, part in parts.items():
        begin, end = f"<!-- generated: {name} -->\n", "\n<!-- end of generated -->"
        pattern = re.escape(begin) + ".*?" + re.escape(end)
        text, count = re.subn(pattern, lambda _, new=begin + part + end: new, text, flags=re.DOTALL)
        if count != 1:
            raise ValueError(f"the part {name!r} stands {count} times in its page")
    return text


def chips(text: str) -> str:
    """The catalogue and the fields of a chip file."""
    chips = [load_chip(name) for name in catalogue()]
    return replace_parts(text, {"catalogue": catalogue_table(chips), "fields": field_table()})


def commands(text: str) -> str:
    """The verbs, and what their commands take."""
    verbs = tuple(VERBS.values())
    return replace_parts(text, {"verbs": verb_table(verbs), "words": word_tables(verbs)})


PAGES: Mapping[str, Page] = {
    "chips.md": chips,
    "commands.md": commands,
    "operators.md": lambda _: document(),
    "recipe.schema.json": lambda _: json.dumps(recipe_schema(), indent=2) + "\n",
}


def stale_pages(folder: Path = DOCS) -> dict[str, str]:
    """Pages of a folder that differ from what the code says, with the text that they should have."""
    texts = {name: (folder / name).read_text() for name in PAGES if (folder / name).exists()}
    new = {name: page(texts.get(name, "")) for name, page in PAGES.items()}
    return {name: text for name, text in new.items() if text != texts.get(name)}


def main() -> int:
    """Write the stale pages, or with --check name them; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="say which pages are stale, and write nothing")
    check = parser.parse_args().check
    stale = stale_pages()
    for name, text in stale.items():
        if not check:
            write_whole(DOCS / name, text.encode())
        print(f"{name} {'is stale' if check else 'written'}")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
