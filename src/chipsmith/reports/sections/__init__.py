"""The sections of the page: a file each, in the order in which SECTIONS names them."""

from chipsmith.reports.record import RunRecord
from chipsmith.reports.sections import (
    advice,
    calibration,
    confusion,
    data,
    energy,
    figures,
    folds,
    graph,
    latency,
    memory,
    mistakes,
    pictures,
    placement,
    privacy,
    quantisation,
    roofline,
    run,
    silicon,
    texts,
    timeline,
    training,
)
from chipsmith.reports.sections.section import PageSection

SECTIONS: tuple[PageSection[RunRecord], ...] = (
    advice.SECTION,
    graph.SECTION,
    data.SECTION,
    training.SECTION,
    privacy.SECTION,
    confusion.SECTION,
    mistakes.SECTION,
    calibration.SECTION,
    folds.SECTION,
    pictures.SECTION,
    texts.SECTION,
    placement.SECTION,
    latency.SECTION,
    energy.SECTION,
    quantisation.SECTION,
    roofline.SECTION,
    memory.SECTION,
    timeline.SECTION,
    silicon.SECTION,
    figures.SECTION,
    run.SECTION,
)
"""From top to bottom of the page. A new section is a file of this folder and a line here."""
