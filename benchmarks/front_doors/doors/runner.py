"""A Subject taken through its door, each step in a process of its own."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from doors.process import Ended, run_forked, run_module
from doors.row import Outcome
from doors.subject import Subject

WARM_GROUPS = ("cases", "onnx-nodes")
"""Groups of many small networks: their processes are forked from this one, which has imported everything already."""


def run_subject(subject: Subject) -> Outcome:
    """Make the subject's example in a process, and judge the front door by it in another."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepared = _run("prepare", subject, folder)
        if prepared.failure:
            return Outcome(whole=False, excluded=prepared.failure)
        judged = _run("judge", subject, folder)
    if judged.failure:
        return Outcome(whole=False, refusal=judged.failure)
    return Outcome(**json.loads(judged.output.splitlines()[-1]))


def _run(step: str, subject: Subject, folder: Path) -> Ended:
    run = run_forked if subject.group in WARM_GROUPS else run_module
    return run(f"doors.{step}", (subject.key,), folder)
