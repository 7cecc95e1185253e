"""The sections of the page of a quantum network: a file each, in the order in which QUANTUM_SECTIONS names them."""

from chipsmith.reports.quantum.record import QuantumRunRecord
from chipsmith.reports.quantum.sections import accuracy, circuit, device, figures, kernel
from chipsmith.reports.sections import calibration, confusion, data, folds, mistakes, run, training
from chipsmith.reports.sections.section import PageSection

QUANTUM_SECTIONS: tuple[PageSection[QuantumRunRecord], ...] = (
    accuracy.SECTION,
    circuit.SECTION,
    device.SECTION,
    kernel.SECTION,
    data.SECTION,
    training.SECTION,
    confusion.SECTION,
    mistakes.SECTION,
    calibration.SECTION,
    folds.SECTION,
    figures.SECTION,
    run.LEARNED_SECTION,
)
"""From top to bottom of the page."""
