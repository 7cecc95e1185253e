"""What the machine does on AXI4: its rate on a slow interconnect, and whether anything can harm the next inference.

    python benchmarks/axi.py [PART...] [--json]

PART is a file of `axi_parts`: `rates` (cycles with 8 open bursts at latencies of 64 and 200 beside the contract's) or
`scenarios` (1,000 random ones); default both. The networks of MLPerf Tiny are read from $CHIPSMITH_DATA/mlperf_tiny,
and left out where they are not. The RTL is simulated. A bar that is missed is marked, and the exit code is 1.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import axi_parts
from bars import Bar, Benchmark, parser_of, run

MOST_PERCENT = 5.0
SCENARIOS = 1000


def slowest_text(rows: Sequence[Mapping[str, Any]]) -> str:
    slowest = max(rows, key=lambda row: row["more_percent"])
    wrong = sum(row["wrong"] is not None for row in rows)
    place = f"{slowest['network']} on {slowest['chip']} at {slowest['latency']}"
    return f"{len(rows)} runs, {wrong} wrong, at most {slowest['more_percent']:.2f} % more ({place})"


BARS = (
    Bar(
        key="rates",
        asks=f"8 open bursts, latency 64 and 200: within {MOST_PERCENT:g} % of the contract, the right bytes",
        text=slowest_text,
        met=lambda rows: all(row["more_percent"] <= MOST_PERCENT and row["wrong"] is None for row in rows),
    ),
    Bar(
        key="scenarios",
        asks=f"{SCENARIOS} random scenarios: the next inference right, no hang",
        text=lambda row: f"{row['failed']} of {row['tried']} failed",
        met=lambda row: row["tried"] >= SCENARIOS and row["failed"] == 0,
    ),
)
BENCHMARK = Benchmark(title="the bus", parts=axi_parts, bars=BARS)


def main() -> int:
    parser = parser_of(BENCHMARK, __doc__)
    return run(BENCHMARK, parser, parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
