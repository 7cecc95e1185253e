"""The kernel of a machine: bandwidth, geometric difference, and what was tried."""

from __future__ import annotations

import math

from chipsmith.reports.headline import percent
from chipsmith.reports.markup import how, number, paragraph, table
from chipsmith.reports.quantum.record import QuantumRunRecord
from chipsmith.reports.sections.section import Drawing, PageSection


def _draw(record: QuantumRunRecord) -> Drawing | None:
    kernel = record.kernel
    if kernel is None:
        return None
    rows = [
        (
            number(candidate.bandwidth, f"{candidate.bandwidth:g}"),
            number(candidate.penalty, f"{candidate.penalty:g}"),
            number(candidate.accuracy, percent(candidate.accuracy, 1)),
        )
        for candidate in kernel.candidates
    ]
    bound = math.sqrt(kernel.geometric_examples)
    html = (
        paragraph(
            f"Bandwidth {kernel.bandwidth:g}, C {kernel.penalty:g}: the best on the validation part of "
            f"{len(rows)} pairs; {kernel.support_vectors:,} examples are support vectors."
        )
        + paragraph(
            f"Geometric difference to the RBF kernel on {kernel.geometric_examples:,} training examples: "
            f"{kernel.geometric_difference:.2f}, where an advantage needs the order of {bound:.1f}."
        )
        + how(
            "The bandwidth multiplies the features before they become angles: a small one makes all states alike, a "
            "large one makes them all strangers. Where the geometric difference is far below the square root of the "
            "number of examples, a classical machine is promised to do as well (Huang and others, Nature "
            "Communications 12, 2631, 2021); a large one promises nothing."
        )
        + table(("bandwidth", "C", "validation accuracy"), rows, label="What was tried")
    )
    return Drawing(html=html)


SECTION = PageSection(name="kernel", title="The kernel", link="kernel", draw=_draw)
