"""Quantum circuits beside classical machines: every figure of docs/quantum.json.

    python benchmarks/quantum_study [--task NAME ...] [--model NAME ...]

Three tasks, seven models, five seeds, exact and with shots and noise: some forty CPU-minutes. Each cell is kept in the
cache ($CHIPSMITH_CACHE) as soon as it is there, so that an interrupted study goes on; to begin anew, remove its
folder. With a choice of tasks or models the document is printed, and the file left as it is.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from cells import Cell, choose, compute_cell, layers_of_circuit
from document import write_document
from models import MODELS, StudyModel
from tasks import TASKS, StudyTask

FILE = Path(__file__).parents[2] / "docs" / "quantum.json"
SEEDS = 5


def compute_cells(tasks: Sequence[StudyTask], models: Sequence[StudyModel]) -> Iterator[Cell]:
    for task in tasks:
        for model in models:
            extra = layers_of_circuit(task) if model.name == "network_of_equal_parameters" else {}
            choice = choose(task, model, extra)
            for seed in range(SEEDS):
                cell = compute_cell(task, model, seed, choice)
                print(cell.task, cell.model, cell.seed, cell.choice, cell.accuracy, file=sys.stderr, flush=True)
                yield cell


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", action="append", choices=[task.name for task in TASKS])
    parser.add_argument("--model", action="append", choices=[model.name for model in MODELS])
    options = parser.parse_args()
    torch.set_num_threads(1)
    tasks = [task for task in TASKS if options.task is None or task.name in options.task]
    models = [model for model in MODELS if options.model is None or model.name in options.model]
    document = write_document(tasks, list(compute_cells(tasks, models)))
    if options.task is None and options.model is None:
        FILE.write_text(json.dumps(document, indent=1) + "\n")
    else:
        print(json.dumps(document, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
