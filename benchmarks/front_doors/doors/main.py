"""The command line of the benchmark."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from doors.listing import group_names, list_group
from doors.results import Row, fingerprint, format_rows, missing_packages, read_rows, row_of, write_rows
from doors.runner import run_subject
from doors.subject import Subject
from doors.summary import describe_row, summarise


def list_subjects(groups: list[str], match: str) -> Iterator[Subject]:
    """The subjects of these groups whose keys contain `match`."""
    return (subject for group in groups for subject in list_group(group) if match in subject.key)


def run_all(subjects: list[Subject], file: Path) -> dict[str, Row]:
    """The rows of the subjects by their keys; those that `file` has already come from there."""
    rows = read_rows(file)
    for subject in subjects:
        known = rows.get(subject.key)
        if known is None or known.fingerprint != fingerprint(subject):
            rows[subject.key] = row_of(subject, run_subject(subject))
            write_rows(file, rows)
        print(describe_row(rows[subject.key]), file=sys.stderr, flush=True)
    return {subject.key: rows[subject.key] for subject in subjects}


def main(description: str) -> None:
    """Run what the command line asks for, and print the rows or their sums; `description` is the text of --help."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--group", choices=group_names(), action="append", help="default: all")
    parser.add_argument("--match", default="", help="only networks whose name contains this")
    parser.add_argument("--results", type=Path, default=Path("front_doors.json"))
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    subjects = list(list_subjects(asked.group or group_names(), asked.match))
    absent = sorted({package for subject in subjects for package in missing_packages(subject)})
    if absent:
        print(f"not installed, their networks are left out: {', '.join(absent)}", file=sys.stderr)
    rows = run_all([subject for subject in subjects if not missing_packages(subject)], asked.results)
    print(format_rows(rows.values()) if asked.json else summarise(rows.values()))
