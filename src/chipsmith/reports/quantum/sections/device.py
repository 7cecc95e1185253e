"""What the circuit would take on a device, and what its noise was simulated from."""

from __future__ import annotations

from chipsmith.reports.markup import how, paragraph
from chipsmith.reports.quantum.headline import device_headlines
from chipsmith.reports.quantum.record import QuantumRunRecord
from chipsmith.reports.sections.figures import headline_table
from chipsmith.reports.sections.section import Drawing, PageSection


def _draw(record: QuantumRunRecord) -> Drawing:
    device = record.device
    html = (
        paragraph(f"{device.name}, {device.calibration}. {device.approximation}")
        + headline_table(device_headlines(record), label="The device")
        + how(
            "Nothing ran on the device. Its time is an estimate of what it is busy for, without the queue and the way "
            "there; it stands beside no latency of a chip or computer, for it is of another kind."
        )
    )
    return Drawing(html=html)


SECTION = PageSection(name="device", title="On a device", link="device", draw=_draw)
