"""Wafers, dies and yield, held against the formulas worked by hand."""

import math

import pytest

from chipsmith.chip.manufacturing import dies_per_wafer, packaging, process, yield_fraction
from chipsmith.chip.sourced import Sourced, Status


def density(value):
    return Sourced(value=value, unit="1/cm2", source="an example", status=Status.VERBATIM)


def test_28_nm_has_the_published_constants():
    constants = process(28)
    assert constants.wafer_price_usd.value == 2891
    assert constants.defects_per_cm2.value == 0.07
    assert constants.mask_set_usd.value == 1_200_000
    assert constants.wafer_price_usd.status is Status.VERBATIM
    assert "CSET" in constants.wafer_price_usd.source


def test_a_node_between_lies_between_and_says_so():
    price = process(22).wafer_price_usd
    assert 2891 < price.value < 3677
    assert price.status is Status.ASSUMED


def test_beyond_the_listed_nodes_the_nearest_one_holds():
    assert process(130).defects_per_cm2.value == 0.07
    assert process(130).defects_per_cm2.status is Status.ASSUMED


def test_dies_per_wafer_worked_by_hand():
    """A die of 9.8 mm x 9.8 mm with its scribe line is 10 mm x 10 mm on a usable diameter of 290 mm."""
    expected = math.pi * 145**2 / 100 - math.pi * 290 / math.sqrt(200)
    assert dies_per_wafer(9.8**2).value == pytest.approx(expected)
    assert round(expected) == 596


def test_a_die_larger_than_the_wafer_gives_none():
    assert dies_per_wafer(90_000.0).value == 0


def test_yield_worked_by_hand():
    """1 cm2 at one defect a cm2 with clustering 10: 1.1 ** -10."""
    assert yield_fraction(area_mm2=100, defects_per_cm2=density(1.0)).value == pytest.approx(1.1**-10)
    assert yield_fraction(area_mm2=100, defects_per_cm2=density(0.0)).value == 1


def test_yield_tends_to_poisson_for_small_dies():
    assert yield_fraction(area_mm2=1, defects_per_cm2=density(0.07)).value == pytest.approx(math.exp(-0.0007), rel=1e-6)


def test_packaging_constants_are_known_by_name():
    assert packaging("package").value == 20
    with pytest.raises(KeyError):
        packaging("gold")
