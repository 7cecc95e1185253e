"""What may not change while the house is rebuilt: figures, bits and program images, recorded and compared.

    python tests/goldens/record.py --check [--networks NAME ...] [--run]
    python tests/goldens/record.py --record [--run]

Every network of `tests/networks`, and the four of MLPerf Tiny where their folder is there (`--data`, $CHIPSMITH_DATA or
../shared/data beside the repository), is compiled for every chip of `CHIPS`, simulated, executed on seeded inputs and
priced, through the public verbs alone. `--run` adds result.json of `chipsmith run digits`, which takes minutes.

The records keep the keys and words of the day they were made. Where those were renamed since, the tables of the
decision RENAMES say so, and they are applied to the record before it is compared.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import chipsmith
from chipsmith.errors import ChipsmithError
from chipsmith.program.program import Port, Program

ROOT = Path(__file__).parents[2]
FIGURES = Path(__file__).with_name("figures.json")
DECISIONS = ROOT / "docs" / "decisions"
RENAMES = "0008-*.md"
CHIPS = ("nano-64", "edge-256", "edge-1024")
MLPERF = ("ad01_int8", "ic_resnet8_int8", "kws_dscnn_int8", "vww_96_int8")
INFERENCES = 2
TOKENS = 8
"""Indices of tables are drawn below this: every network of texts has as many tokens."""

Flat = dict[str, Any]


def networks(data: Path) -> dict[str, Path]:
    """The files by name; MLPerf Tiny's only where they are."""
    own = sorted((ROOT / "tests" / "networks").rglob("*.tosa"))
    shared = [data / "mlperf_tiny" / f"{name}.tflite" for name in MLPERF]
    return {file.stem: file for file in (*own, *(file for file in shared if file.is_file()))}


def describe(file: Path, chip: str) -> Flat:
    """Everything of one network on one chip, flat; a refusal is its sentence."""
    try:
        compiled = chipsmith.compile(str(file), chip=chip)
    except ChipsmithError as error:
        return {"refused": str(error)}
    program = compiled.program
    simulated = chipsmith.simulate(program, inputs=draw_inputs(program))
    (estimate,) = chipsmith.estimate(str(file), chips=(chip,))
    parts = {
        "image": _sha256(program.constants),
        "outputs": {name: _sha256(np.ascontiguousarray(array).tobytes()) for name, array in simulated.outputs.items()},
        "compile": without(compiled.to_json(), "program", "program_sha256", "operators", "check", "quantisation"),
        "placements": Counter(f"{row.kind} {row.placed}: {row.reason}" for row in compiled.operators),
        "simulate": without(simulated.to_json(), "kernels"),
        "estimate": without(estimate.to_json(), "operators", "check"),
    }
    return dict(flatten(parts))


def draw_inputs(program: Program) -> dict[str, np.ndarray[Any, Any]]:
    """Seeded inputs of INFERENCES inferences."""
    random = np.random.default_rng(0)
    return {port.name: _draw(random, port) for port in program.manifest.inputs}


def _draw(random: np.random.Generator, port: Port) -> np.ndarray[Any, Any]:
    shape = (INFERENCES * port.shape[0], *port.shape[1:])
    dtype = np.dtype(port.dtype)
    if dtype.kind == "b":
        return random.integers(0, 2, shape).astype(dtype)
    low, high = (-128, 128) if dtype.itemsize == 1 else (0, TOKENS)
    return random.integers(low, high, shape).astype(dtype)


def run_digits() -> Flat:
    """result.json of the main job without what differs between two runs of one seed or with the versions."""
    with tempfile.TemporaryDirectory(prefix="chipsmith-") as folder:
        chipsmith.run("digits", out=folder)
        result = json.loads((Path(folder) / "result.json").read_text())
    return dict(flatten(strip_run(result)))


def strip_run(result: dict[str, Any]) -> dict[str, Any]:
    """Without host times, versions and hashes of files that hold words."""
    record = without(result["record"], "versions", "hashes", "host", "schema_version")
    return {**without(result, "versions", "hashes", "host", "schema_version"), "record": record}


def without(fields: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


def flatten(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Leaves by dotted path; long texts (pictures, whole files) as their hash."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from flatten(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from flatten(item, f"{path}.{index}")
    else:
        yield path, _sha256(value.encode()) if isinstance(value, str) and len(value) > 400 else value


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- what was renamed -------------------------------------------------------------------------------------------------


def renames() -> list[tuple[str, str, str]]:
    """The rows (kind, old, new) of the decision: kind is key, word, gone or new; `old` is a regular expression."""
    text = "\n".join(page.read_text() for page in sorted(DECISIONS.glob(RENAMES)))
    return re.findall(r"^\| (key|word|gone|new) \| `([^`]+)` \| `?([^`|]*?)`? \|", text, re.MULTILINE)


def apply_renames(recorded: Flat, rows: list[tuple[str, str, str]]) -> Flat:
    """A record in today's keys and words."""
    flat: Flat = {}
    for path, value in recorded.items():
        key, gone = path, False
        for kind, old, new in rows:
            if kind == "key" or (kind == "word" and path.startswith("placements.")):
                key = re.sub(old, new, key)
            elif kind == "gone" and re.search(old, key):
                gone = True
        if not gone:
            flat[key] = _reworded(value, rows)
    return flat


def _reworded(value: Any, rows: list[tuple[str, str, str]]) -> Any:
    if not isinstance(value, str):
        return value
    for kind, old, new in rows:
        if kind == "word":
            value = re.sub(old, new, value)
    return value


def differences(recorded: Flat, current: Flat, rows: list[tuple[str, str, str]]) -> list[str]:
    """One sentence for each leaf that differs, is gone or is new without a row that says so."""
    expected = apply_renames(recorded, rows)
    added = [old for kind, old, _ in rows if kind == "new"]
    lost = [f"{path} is gone" for path in expected if path not in current]
    new = [path for path in current if path not in expected and not any(re.search(key, path) for key in added)]
    changed = [
        f"{path} was {value!r} and is {current[path]!r}"
        for path, value in expected.items()
        if path in current and current[path] != value
    ]
    return [*changed, *lost, *(f"{path} is new" for path in new)]


# --- the command ------------------------------------------------------------------------------------------------------


def main() -> int:
    arguments = _parser().parse_args()
    files = networks(arguments.data)
    names = arguments.networks or list(files)
    current = {f"{name} on {chip}": describe(files[name], chip) for name in names for chip in CHIPS}
    if arguments.run:
        current["run digits"] = run_digits()
    if arguments.record:
        kept = json.loads(FIGURES.read_text()) if FIGURES.is_file() else {}
        FIGURES.write_text(json.dumps(kept | current, indent=0, sort_keys=True) + "\n")
        print(f"{len(current)} recorded in {FIGURES}")
        return 0
    return _compare(json.loads(FIGURES.read_text()), current)


def _compare(recorded: Mapping[str, Flat], current: Mapping[str, Flat]) -> int:
    rows, count = renames(), 0
    for name, fields in current.items():
        sentences = differences(recorded.get(name, {}), fields, rows)
        count += len(sentences)
        for sentence in sentences[:20]:
            print(f"{name}: {sentence}")
        if len(sentences) > 20:
            print(f"{name}: and {len(sentences) - 20} more")
    leaves = sum(len(fields) for fields in current.values())
    print(f"{len(current)} compared, {leaves:,} values, {count} differ")
    return int(count > 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--record", action="store_true", help="write the record anew")
    what.add_argument("--check", action="store_true", help="compare with the record")
    parser.add_argument("--networks", nargs="*", metavar="NAME", help="only these")
    parser.add_argument("--run", action="store_true", help="the main job too: minutes")
    default = Path(os.environ.get("CHIPSMITH_DATA", ROOT.parent / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=default, help="the folder that holds mlperf_tiny")
    return parser


if __name__ == "__main__":
    sys.exit(main())
