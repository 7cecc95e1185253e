"""The generations side by side, and the bars that they are held to.

    python benchmarks/generations.py [PART...] [--json]

PART is a file of `generation_parts` (published, cpu, c, quantum); default all. Each measures on this computer or reads
what was measured before, and says which. A bar that is missed is marked, and the exit code is 1.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import generation_parts
from bars import Bar, Benchmark, parser_of, run

FEWEST_SYSTEMS, NETWORKS = 60, 5
CPU_SHARE, CPU_MARGIN_US = 1.05, 20.0
C_TIMES, ARENA_TIMES = 3.0, 1.1
BELOW_RBF, BELOW_NETWORK, QUANTUM_CPU_S = 0.03, 0.05, 600.0


def near_direct(row: Mapping[str, Any]) -> bool:
    """Whether the target takes at most 5 % or 20 us longer than the engine called directly."""
    return row["target_us"] <= max(CPU_SHARE * row["direct_us"], row["direct_us"] + CPU_MARGIN_US)


def worst_ratio(rows: list[Mapping[str, Any]]) -> str:
    worst = max(rows, key=lambda row: row["target_us"] / row["direct_us"])
    return f"at worst {worst['target_us']:.1f} for {worst['direct_us']:.1f} us ({worst['network']}, {worst['runtime']})"


def ratio_text(rows: list[Mapping[str, Any]]) -> str:
    return "; ".join(
        f"{row['network']}: {row['against_onnxruntime']:.2f} times onnxruntime, "
        f"{row['against_litert_builtin']:.2f} times LiteRT built-in"
        for row in rows
    )


def points(share: float) -> str:
    return f"{100 * share:.1f} points"


BARS = (
    Bar(
        key="published_systems",
        asks=f"published systems, at least {FEWEST_SYSTEMS}",
        text=str,
        met=lambda count: count >= FEWEST_SYSTEMS,
    ),
    Bar(key="networks", asks=f"networks, {NETWORKS}", text=", ".join, met=lambda names: len(names) >= NETWORKS),
    Bar(
        key="untraced_cells",
        asks="published cells without source, none",
        text=lambda cells: str(len(cells)),
        met=lambda cells: not cells,
    ),
    Bar(
        key="cpu_ratio",
        asks="target cpu within 5 % or 20 us of the engine",
        text=worst_ratio,
        met=lambda rows: all(map(near_direct, rows)),
    ),
    Bar(
        key="c_exact",
        asks="C exact to the bit everywhere",
        text=lambda rows: f"{sum(row['exact'] for row in rows)} of {len(rows)}",
        met=lambda rows: all(row["exact"] for row in rows),
    ),
    Bar(
        key="c_ratio",
        asks=f"C at most {C_TIMES} times onnxruntime's int8, and faster than LiteRT's built-in kernels",
        text=ratio_text,
        met=lambda rows: all(
            row["against_onnxruntime"] <= C_TIMES and row["against_litert_builtin"] < 1 for row in rows
        ),
    ),
    Bar(
        key="c_arena",
        asks=f"arena of C at most {ARENA_TIMES} times the bytes that live",
        text=lambda rows: f"at worst {max(row['ratio'] for row in rows):.3f}",
        met=lambda rows: all(row["ratio"] <= ARENA_TIMES for row in rows),
    ),
    Bar(
        key="quantum_kernel_below_rbf",
        asks=f"quantum kernel at most {100 * BELOW_RBF:g} points below RBF on ten digits",
        text=points,
        met=lambda share: share <= BELOW_RBF,
    ),
    Bar(
        key="quantum_classifier_below_network",
        asks=f"quantum classifier at most {100 * BELOW_NETWORK:g} points below the network of 32",
        text=points,
        met=lambda share: share <= BELOW_NETWORK,
    ),
    Bar(
        key="quantum_cpu_s",
        asks=f"exact training and evaluation of circuits, each at most {QUANTUM_CPU_S:g} CPU-s",
        text=lambda seconds: f"{seconds:.0f} CPU-s",
        met=lambda seconds: seconds <= QUANTUM_CPU_S,
    ),
)


BENCHMARK = Benchmark(title="the generations", parts=generation_parts, bars=BARS)


def main() -> int:
    parser = parser_of(BENCHMARK, __doc__)
    return run(BENCHMARK, parser, parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
