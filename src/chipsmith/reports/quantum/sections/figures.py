"""All figures of a run of a quantum network, and where each comes from."""

from __future__ import annotations

from chipsmith.reports.markup import how
from chipsmith.reports.quantum.headline import quantum_headlines
from chipsmith.reports.quantum.record import QuantumRunRecord
from chipsmith.reports.sections.figures import headline_table
from chipsmith.reports.sections.section import Drawing, PageSection


def _draw(record: QuantumRunRecord) -> Drawing:
    text = how(
        "Measured: counted on real data or in a file. Simulated: the state of the qubits, computed on this computer, "
        "with shots drawn from it or with the noise of a stored calibration. Estimated: counts times durations."
    )
    return Drawing(html=text + headline_table(quantum_headlines(record)))


SECTION = PageSection(name="figures", title="All figures and where they come from", link="all figures", draw=_draw)
