"""The front doors, judged by networks of others, each beside its own framework on the file as it is.

    python benchmarks/front_doors.py [--group GROUP ...] [--match TEXT] [--results FILE] [--json]

Groups: cases (small inputs that once came out wrong), onnx-nodes (the `onnx` package's own tests of operators), wheels
(files inside of wheels), networks (of packages, by both doors), speed (lowering in CPU seconds), quantisation (beside
onnxruntime's own int8). The packages that bring networks live in an environment of this benchmark's own:

    python -m venv FOLDER
    FOLDER/bin/pip install -e '.[all]'
    FOLDER/bin/pip install --no-deps -r benchmarks/front_doors.requirements.txt
    FOLDER/bin/python benchmarks/front_doors.py

What is not installed is named and left out. Each network has a process of its own, 300 s and 8 GiB. Results go to FILE
as they come; a network whose code, packages and inputs are the same as there is not run again.
"""

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


def main() -> None:
    """Run what is asked for, and print the rows or their sums."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
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


if __name__ == "__main__":
    main()
