"""Files of every format that Chipsmith reads, changed at random, read, and used where they pass their reader.

Each format is attacked by processes of its own, which see code, CPU seconds and memory (`mutations`). To see what came
of single files: `python -m mutations.attack mutations.kinds.networks:tosa FIRST COUNT`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from mutations.attack import Attack, attack_format

TRIED = 2000
FORMATS: Mapping[str, tuple[str, ...]] = {
    "program": ("networks:program",),
    "tosa": ("networks:tosa",),
    "tflite": ("networks:tflite",),
    "onnx": ("networks:onnx",),
    "npy": ("arrays:npy", "arrays:npz"),
    "pt": ("weights:pt",),
    "safetensors": ("weights:safetensors",),
    "checkpoint": ("weights:checkpoint",),
    "result.json": ("records:result_json",),
    "recipe": ("settings:recipe",),
    "chip": ("settings:chip",),
    "caches": ("caches:caches",),
    "signature": ("signature:signature",),
}
"""What prepares a format, functions of the modules in `mutations.kinds`; several share its files."""


def measure() -> dict[str, Any]:
    """The row of every format."""
    return {"formats": [attack_named(name).row(name) for name in FORMATS]}


def attack_named(name: str, *, tried: int = TRIED, first: int = 0) -> Attack:
    """Attack a format; each harm is told on stderr."""
    done = Attack()
    targets = FORMATS[name]
    for target in targets:
        done.add(attack_format(f"mutations.kinds.{target}", first=first, tried=-(-tried // len(targets))))
    print(f"{name}: {done.row(name)}", file=sys.stderr)
    for index, harm, told in done.harms:
        print(f"  {index} {harm}: {told.strip().splitlines()[-1:]}", file=sys.stderr)
    return done
