"""The closing table of a run of a quantum network."""

from __future__ import annotations

from typing import TextIO

from chipsmith.reports.quantum.headline import quantum_headlines
from chipsmith.reports.quantum.page import quantum_verdict
from chipsmith.reports.quantum.record import QuantumRunRecord
from chipsmith.reports.terminal import headline_table, open_console


def print_quantum_report(record: QuantumRunRecord, *, file: TextIO | None = None) -> None:
    """Print the verdict of the training, the closing table and the outcome in words."""
    console = open_console(file)
    if record.training is not None:
        console.print(f"training: {record.training.verdict}; {record.training.reason}")
    console.print(headline_table(f"{record.network}: {record.model}, simulated", quantum_headlines(record)))
    console.print(quantum_verdict(record))
