"""The start of the command line: an interrupt ends it without a word of Python's from its first line on."""

from __future__ import annotations

import signal


def main() -> None:
    """Import the command line, which takes a moment in which nothing has to be cleaned up, and run it."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from chipsmith.cli import main as run

    run()


if __name__ == "__main__":
    main()
