"""Smoothing, threshold and rest: when a class is noticed."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.deployment.streaming.detection import DetectionRule, Detector, Smoother
from chipsmith.errors import BadInput

NAMES = ("other", "yes", "no")


def notice(rule: DetectionRule, shares: list[tuple[float, float, float]], *, period_s: float = 0.1) -> list[str | None]:
    smoother, detector = Smoother(rule.smooth_ms / 1e3), Detector(rule, NAMES)
    times = [period_s * (1 + index) for index in range(len(shares))]
    return [
        detector.step(time_s, smoother.step(time_s, np.array(row))) for time_s, row in zip(times, shares, strict=True)
    ]


def test_a_class_is_noticed_from_the_threshold_on():
    rule = DetectionRule(classes=("yes",), threshold=0.6, refractory_ms=0)
    assert notice(rule, [(0.41, 0.59, 0), (0.4, 0.6, 0), (0.1, 0.3, 0.6)]) == [None, "yes", None]


def test_the_likeliest_of_several_is_noticed():
    rule = DetectionRule(classes=("yes", "no"), threshold=0.3, refractory_ms=0)
    assert notice(rule, [(0.3, 0.3, 0.4), (0.2, 0.5, 0.3)]) == ["no", "yes"]


def test_the_mean_of_the_last_milliseconds_counts():
    rule = DetectionRule(classes=("yes",), threshold=0.5, smooth_ms=300, refractory_ms=0)
    one_high = [(1.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)]
    assert notice(rule, one_high) == [None, None, None, None, "yes"]  # of three: 1/3, 1/3, then 2/3


def test_a_mean_holds_exactly_its_time():
    smoother = Smoother(0.3)
    means = [float(smoother.step(0.1 * (1 + index), np.array([float(index)]))[0]) for index in range(6)]
    assert means == [0, 0.5, 1, 2, 3, 4]


def test_nothing_is_noticed_while_it_rests():
    rule = DetectionRule(classes=("yes",), threshold=0.5, refractory_ms=300)
    assert notice(rule, [(0, 1, 0)] * 8) == ["yes", None, None, "yes", None, None, "yes", None]


def test_an_unknown_class_is_refused():
    rule = DetectionRule(classes=("maybe",), threshold=0.5)
    with pytest.raises(BadInput, match="knows no class maybe; it knows other, yes, no"):
        Detector(rule, NAMES)
