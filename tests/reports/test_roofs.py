"""Kernels against the roofs of their chip: by hand, and none is left out without a reason."""

from __future__ import annotations

import dataclasses

import pytest
from compiled import NETWORKS
from sample_runs import bare_record

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.profile.measure import describe_chip, full_profile
from chipsmith.reports.record import RunRecord
from chipsmith.reports.roofs import ARRAY, LANES, MEMORY, Roofs, missing_points, read_roofs, roof_points
from chipsmith.reports.sections.roofline import SECTION
from chipsmith.studies.advice.diagnose import diagnose
from chipsmith.studies.advice.record import Subject
from chipsmith.tosa.file import read_tosa

ROOFS = Roofs(array=256, lanes=16, bytes_per_cycle=8)
KERNEL = bare_record().inference.kernels[0]


def kernel(**fields):
    plain = {"kind": "tensor", "macs": 0, "elements": 0, "external_bytes": 0, "busy_cycles": 10}
    return dataclasses.replace(KERNEL, **{**plain, **fields})


@pytest.mark.parametrize(
    ("row", "rate", "intensity", "roof", "side"),
    [
        (kernel(macs=2000, external_bytes=20), 200, 100, 256, ARRAY),
        (kernel(macs=1000, external_bytes=100), 80, 10, 80, MEMORY),
        (kernel(macs=1000), 100, None, 256, ARRAY),
        (kernel(kind="vector", elements=120, external_bytes=240), 4, 0.5, 4, MEMORY),
        (kernel(kind="vector", elements=120), 12, None, 16, LANES),
    ],
)
def test_a_kernel_stands_under_the_lower_of_its_roofs(row, rate, intensity, roof, side):
    """Its cycles are those of its engine, or of the external channel where its bytes take more."""
    (point,) = roof_points([row], ROOFS)
    assert (point.rate, point.intensity, point.roof, point.side) == (rate, intensity, roof, side)
    assert point.share == rate / roof


@pytest.mark.parametrize("network", ["digits_cnn", "encoder_layer", "families/mobilenet_v2", "families/resnet_cifar"])
def test_no_kernel_stands_above_its_roof(network):
    graph, chip = read_tosa(NETWORKS / f"{network}.tosa"), load_chip("edge-256")
    program = compile_graph(graph, chip)
    advice = diagnose(program, subject=Subject(model="", chip=""))
    record = RunRecord(network=network, chip=describe_chip(chip), inference=full_profile(program), advice=advice)
    points = roof_points(record.inference.kernels, read_roofs(record))
    assert points
    assert all(point.share <= 1 for point in points)


def test_the_roof_of_a_depthwise_kernel_is_that_of_the_rows_that_can_work():
    row = kernel(macs=400, operation="DEPTHWISE_CONV2D")
    (alone,) = roof_points([row], dataclasses.replace(ROOFS, working_rows={row.name: 3 / 16}))
    assert (alone.roof, alone.share) == (48, pytest.approx(40 / 48))


def test_the_table_tells_the_side_of_the_ridge_from_what_the_latency_waits_for():
    markup = SECTION.draw(bare_record()).html
    assert "side of the ridge" in markup
    assert "what the latency waits for is told under “Why”" in markup
    assert "bound by" not in markup


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
