"""Makes the Example of a Subject: `python -m doors.prepare KEY`, in its folder. The product's doors take no part."""

from __future__ import annotations

import sys
from pathlib import Path

from doors.folder import write_example
from doors.listing import find_subject


def main(key: str) -> None:
    """Write the example of that subject."""
    here = Path.cwd()
    write_example(find_subject(key).make(here), here)


if __name__ == "__main__":
    main(sys.argv[1])
