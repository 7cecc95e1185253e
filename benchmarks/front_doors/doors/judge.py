"""Judges the front door by the Example in this folder: `python -m doors.judge KEY` prints the Outcome as JSON."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path

from doors.folder import read_question
from doors.row import measure


def main(_key: str) -> None:
    """Print the outcome."""
    with redirect_stdout(sys.stderr):
        outcome = measure(read_question(Path.cwd()))
    print(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main(sys.argv[1])
