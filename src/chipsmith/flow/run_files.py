"""Where runs are, and what the files of a run's folder are called."""

from __future__ import annotations

from pathlib import Path

RUNS = Path("runs")
RESULT = "result.json"
PAGE = "report.html"
TRACE = "trace.json"
QASM = "circuit.qasm"
TRAINED = "trained.safetensors"
CHIP_FILE = "chip.yaml"
RECIPE = "recipe.yaml"
"""The recipe of a run, whole: with the same packages it gives the same run."""
ANSWERS = "test_answers.npz"
"""What was answered to each test example: see `chipsmith.learn.validation.answers.AnswerTable`."""
CHECKPOINT = "checkpoint.pt"
"""The state of a training that is not done; a finished one has none."""
LOCK = ".lock"
"""Is there while a process works in the folder."""
