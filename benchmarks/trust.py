"""What an enemy of the product obtains, and the bars that it is held to.

    python benchmarks/trust.py [PART...] [--json] [--retrain]

PART is a file of `trust_parts` (formats, kills, signatures, privacy); default all. `privacy` reads the committed
`docs/privacy.json`; `--retrain` trains and attacks again and renews that file. A bar that is missed is marked, and the
exit code is 1.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import trust_parts
from bars import Bar, Benchmark, parser_of, run

FEWEST_MUTATIONS, PAST_PARSER = 2000, 0.1
KILLS, TAMPERED = 50, 500
EPSILON, ACCURACY = 8.0, 0.92
FORMATS = (
    *("program", "tosa", "tflite", "onnx", "npy", "pt", "safetensors", "checkpoint", "result.json", "recipe", "chip"),
    *("caches", "signature"),
)
_HARM = ("tracebacks", "hangs", "over_memory", "code_executed")
Row = Mapping[str, Any]


def all_formats(rows: list[Row]) -> bool:
    """Whether every format is there, mutated often enough, past its parser often enough, and without harm."""
    return {row["format"] for row in rows} >= set(FORMATS) and all(
        row["tried"] >= FEWEST_MUTATIONS
        and row["past_parser"] >= PAST_PARSER * row["tried"]
        and not any(row[harm] for harm in _HARM)
        for row in rows
    )


def formats_text(rows: list[Row]) -> str:
    harm = ", ".join(f"{sum(row[name] for row in rows)} {name}" for name in _HARM)
    return f"{len(rows)} formats, {sum(row['tried'] for row in rows)} mutations: {harm}"


def private_rows(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["epsilon"] is not None and row["epsilon"] <= EPSILON]


def best_private(rows: list[Row]) -> float:
    return max((row["accuracy_chip"] for row in private_rows(rows)), default=0.0)


BARS = (
    Bar(
        key="formats",
        asks=f"each format: {FEWEST_MUTATIONS} mutations, {100 * PAST_PARSER:g} % past the parser, no harm",
        text=formats_text,
        met=all_formats,
    ),
    Bar(
        key="kills",
        asks=f"work killed {KILLS} times, nothing lost",
        text=lambda row: f"{row['lost']} of {row['tried']} lost",
        met=lambda row: row["tried"] >= KILLS and row["lost"] == 0,
    ),
    Bar(
        key="signatures",
        asks=f"signed files tampered with {TAMPERED} times, none accepted, and each genuine one",
        text=lambda row: f"{row['accepted']} of {row['tampered']}, {row['genuine_accepted']} of {row['genuine']}",
        met=lambda row: (
            row["tampered"] >= TAMPERED and row["accepted"] == 0 and row["genuine_accepted"] == row["genuine"] > 0
        ),
    ),
    Bar(
        key="privacy",
        asks=f"at epsilon {EPSILON:g} at least {100 * ACCURACY:g} % on the chip",
        text=lambda rows: f"{100 * best_private(rows):.1f} %",
        met=lambda rows: best_private(rows) >= ACCURACY,
    ),
)
BENCHMARK = Benchmark(title="trust", parts=trust_parts, bars=BARS)


def main() -> int:
    parser = parser_of(BENCHMARK, __doc__)
    parser.add_argument("--retrain", action="store_true")
    options = parser.parse_args()
    if options.retrain:
        from trust_parts.privacy import retrain

        retrain()
    return run(BENCHMARK, parser, options)


if __name__ == "__main__":
    sys.exit(main())
