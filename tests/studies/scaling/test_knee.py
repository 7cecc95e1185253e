"""Knees, efficiency and Amdahl's law on curves whose shape is known."""

from __future__ import annotations

import pytest

from chipsmith.studies.scaling.axes import ScalingAxis
from chipsmith.studies.scaling.curve import ScalingPoint
from chipsmith.studies.scaling.knee import compare_points, explain_curve, find_knee, rate_points, serial_share


def points(times: dict[int, float | None]) -> tuple[ScalingPoint, ...]:
    return compare_points([ScalingPoint(amount=n, label=str(n), latency_us=us) for n, us in times.items()])


@pytest.mark.parametrize(
    ("times", "knee"),
    [
        ({1: 80, 2: 40, 4: 20, 8: 10}, None),
        ({1: 80, 2: 40, 4: 35, 8: 34}, 1),
        ({1: 80, 2: 79, 4: 78}, 0),
        ({1: 80, 2: 75, 4: 40, 8: 39}, 2),
        ({1: 80, 4: 20}, None),
        ({1: 80, 4: 60}, 0),
        ({1: 80, 2: None, 4: 40, 8: 39}, 2),
        ({1: None, 2: None}, None),
        ({1: 80}, None),
    ],
)
def test_the_knee_is_where_no_later_doubling_helps(times, knee):
    assert find_knee(points(times)) == knee


def test_efficiency_is_speed_up_over_what_there_is_more():
    rated = rate_points(points({2: 60, 4: 40, 8: None, 16: 30}))
    assert [point.speedup for point in rated] == [1, 1.5, None, 2]
    assert [point.efficiency for point in rated] == [1, 0.75, None, 0.25]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_the_serial_share_is_amdahls(share):
    times = {n: 100 * (share + (1 - share) / n) for n in (1, 2, 4, 8)}
    assert serial_share(points(times)) == pytest.approx(share)


def test_more_than_linear_is_no_negative_share():
    assert serial_share(points({1: 100, 2: 40})) == 0


@pytest.mark.parametrize("times", [{1: 100}, {1: 100, 2: 101}, {2: 100, 4: 50}])
def test_a_single_point_and_threads_that_slow_down_have_no_serial_share(times):
    assert serial_share(points(times)) is None


def test_the_sentence_names_what_binds():
    gains = {ScalingAxis.ARRAY: 1.02, ScalingAxis.BUS: 1.9}
    bound = ScalingPoint(amount=1, label="8 x 8", latency_us=10, gains=gains)
    after = ScalingPoint(amount=2, label="8 x 16", latency_us=9.9)
    text = explain_curve([bound, after], "array", 0)
    assert text.startswith("The knee is at 8 x 8: a doubling from there brings a speed-up of only 1.01.")
    assert "What binds there: the external bus (speed-up of doubling each: array 1.02, bus 1.90)" in text
    assert "No legal chip has twice its vector lanes or on-chip memory." in text


def test_where_nothing_binds_layers_wait_for_one_another():
    bound = ScalingPoint(amount=1, label="a", latency_us=10, gains=dict.fromkeys(list(ScalingAxis)[2:], 1.05))
    text = explain_curve([bound, ScalingPoint(amount=2, label="b", latency_us=9.9)], "array", 0)
    assert "No resource that can be doubled binds there" in text
    assert text.endswith("Layers wait for one another there, and each ends before the next begins.")
