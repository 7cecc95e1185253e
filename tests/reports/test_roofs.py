"""Kernels against the roofs of their chip: by hand, and none is left out without a reason."""

from __future__ import annotations

import dataclasses

import pytest
from sample_runs import bare_record

from chipsmith.reports.roofs import ARRAY, LANES, MEMORY, Roofs, missing_points, read_roofs, roof_points
from chipsmith.reports.sections.roofline import SECTION

ROOFS = Roofs(array=256, lanes=16, bytes_per_cycle=8)
KERNEL = bare_record().inference.kernels[0]


def kernel(**fields):
    plain = {"kind": "tensor", "macs": 0, "elements": 0, "external_bytes": 0, "busy_cycles": 10}
    return dataclasses.replace(KERNEL, **{**plain, **fields})


@pytest.mark.parametrize(
    ("row", "rate", "intensity", "roof", "bound"),
    [
        (kernel(macs=2000, external_bytes=20), 200, 100, 256, ARRAY),
        (kernel(macs=1000, external_bytes=100), 100, 10, 80, MEMORY),
        (kernel(macs=1000), 100, None, 256, ARRAY),
        (kernel(kind="vector", elements=120, external_bytes=240), 12, 0.5, 4, MEMORY),
        (kernel(kind="vector", elements=120), 12, None, 16, LANES),
    ],
)
def test_a_kernel_stands_under_the_lower_of_its_roofs(row, rate, intensity, roof, bound):
    (point,) = roof_points([row], ROOFS)
    assert (point.rate, point.intensity, point.roof, point.bound) == (rate, intensity, roof, bound)
    assert point.share == rate / roof


def test_every_kernel_of_a_network_is_on_the_chart():
    record = bare_record("encoder_layer")
    points = roof_points(record.inference.kernels, read_roofs(record))
    assert [point.row.name for point in points] == [row.name for row in record.inference.kernels[:-1]]
    drawn = [trace for trace in SECTION.draw(record).charts["roofline"]["data"] if "markers" in trace["mode"]]
    assert sum(len(trace["x"]) for trace in drawn) == len(points)
    assert any("no external bytes are moved for it" in text for trace in drawn for text in trace["hovertext"])


def test_one_that_has_no_place_is_named_with_the_reason():
    idle = kernel(busy_cycles=0)
    old = dataclasses.replace(kernel(kind="vector"), layer="")
    assert [reason for _, reason in missing_points([idle, old])] == [
        "it holds its engine for no cycle",
        "the record is of before its elements were counted",
    ]
    record = bare_record()
    inference = dataclasses.replace(record.inference, kernels=(*record.inference.kernels[1:], idle))
    assert "Not on the chart: tosa_depthwise_conv2d_default (k0), because it holds its engine for no cycle." in (
        SECTION.draw(dataclasses.replace(record, inference=inference)).html
    )


def test_depthwise_is_called_depthwise():
    (point,) = roof_points([kernel(macs=2000, operation="DEPTHWISE_CONV2D")], ROOFS)
    assert point.depthwise
    (plain,) = roof_points([kernel(macs=2000, operation="DEPTHWISE_CONV2D as CONV2D")], ROOFS)
    assert not plain.depthwise
