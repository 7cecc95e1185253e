"""What the circuit would take on a device, and what its noise was simulated from."""

from __future__ import annotations

from chipsmith.reports.markup import Cell, how, paragraph, table
from chipsmith.reports.quantum.headline import quantity
from chipsmith.reports.quantum.record import QuantumRunRecord
from chipsmith.reports.sections.section import Drawing, PageSection


def _draw(record: QuantumRunRecord) -> Drawing | None:
    device = record.device
    if device is None:
        return None
    rows = [
        (label, quantity(figure), Cell(text=figure.status, badge=figure.kind), figure.source)
        for label, figure in device.figures.items()
    ]
    html = (
        paragraph(f"{device.name}, {device.calibration}. {device.approximation}")
        + table(("figure", "value", "how", "from"), rows, label="The device", narrow="stack")
        + how(
            "Nothing ran on the device. Its time is an estimate of what it is busy for, without the queue and the way "
            "there; it stands beside no latency of a chip or computer, for it is of another kind."
        )
    )
    return Drawing(html=html)


SECTION = PageSection(name="device", title="On a device", link="device", draw=_draw)
