"""Wafers, dies, yield and packages, held against the formulas worked by hand."""

import math

import pytest

from chipsmith.chip import load_chip
from chipsmith.chip.manufacturing import YieldModel, dies_per_wafer, packaging, process, yield_fraction
from chipsmith.chip.packages import PackageKind, fitting_packages, pin_count
from chipsmith.chip.sourced import Sourced, SourcedRange, Status


def density(value, *, low=None, high=None):
    estimate = Sourced(value=value, unit="1/cm2", source="an example", status=Status.VERBATIM)
    return SourcedRange(estimate=estimate, low=low or value, high=high or value)


def good_share(model, *, area_mm2, defects):
    return yield_fraction(model, area_mm2=area_mm2, defects_per_cm2=defects).value


def test_28_nm_has_the_published_constants():
    constants = process(28)
    assert constants.wafer_price_usd.value == 2891
    assert constants.defects_per_cm2.value == 0.07
    assert constants.mask_set_usd.value == 1_200_000
    assert constants.wafer_price_usd.estimate.status is Status.VERBATIM
    assert "CSET" in constants.wafer_price_usd.estimate.source


def test_where_sources_disagree_there_is_a_range():
    """A wafer of 28 nm: CSET 2,891, an analyst of 2025 5,000 USD; a system's design: Gartner 30 M, IBS 51 M."""
    price, design = process(28).wafer_price_usd, process(28).soc_design_usd
    assert (price.low, price.high) == (2891, 5000)
    assert any("DigiTimes" in source for source in price.others)
    assert (design.low, design.value, design.high) == (30e6, 51e6, 51e6)


def test_a_source_says_nothing_outside_of_its_nodes():
    """The price of 2025 is of 28 nm alone; at 32 nm only the curves over both sides count."""
    price = process(32).wafer_price_usd
    assert not any("Bajarin" in source for source in price.others)
    assert price.high < 4000


def test_a_node_between_lies_between_and_says_so():
    price = process(22).wafer_price_usd
    assert 2891 < price.value < 3677
    assert price.estimate.status is Status.ASSUMED


def test_beyond_the_listed_nodes_the_nearest_one_holds():
    assert process(130).defects_per_cm2.value == 0.07
    assert process(130).defects_per_cm2.estimate.status is Status.ASSUMED


def test_dies_per_wafer_worked_by_hand():
    """A die of 9.8 mm x 9.8 mm with its scribe line is 10 mm x 10 mm on a usable diameter of 290 mm."""
    expected = math.pi * 145**2 / 100 - math.pi * 290 / math.sqrt(200)
    assert dies_per_wafer(9.8**2).value == pytest.approx(expected)
    assert round(expected) == 596


def test_a_die_larger_than_the_wafer_gives_none():
    assert dies_per_wafer(90_000.0).value == 0


@pytest.mark.parametrize(
    ("model", "share"),
    [
        (YieldModel.POISSON, math.exp(-1)),
        (YieldModel.MURPHY, (1 - math.exp(-1)) ** 2),
        (YieldModel.NEGATIVE_BINOMIAL, 1.1**-10),
    ],
)
def test_yield_worked_by_hand(model, share):
    """1 cm2 at one defect a cm2; clustering 10 in the negative binomial."""
    assert good_share(model, area_mm2=100, defects=density(1.0)) == pytest.approx(share)
    assert good_share(model, area_mm2=100, defects=density(0.0)) == 1


def test_the_models_agree_on_small_dies_and_spread_on_large():
    small = [good_share(model, area_mm2=1, defects=density(0.07)) for model in YieldModel]
    large = [good_share(model, area_mm2=800, defects=density(0.2)) for model in YieldModel]
    assert small == pytest.approx([math.exp(-0.0007)] * 3, rel=1e-6)
    assert max(large) / min(large) > 1.1


def test_more_defects_give_fewer_good_dies():
    share = yield_fraction(YieldModel.POISSON, area_mm2=100, defects_per_cm2=density(0.1, low=0.05, high=0.2))
    assert (share.low, share.high) == pytest.approx((math.exp(-0.2), math.exp(-0.05)))


def test_packaging_constants_are_known_by_name():
    assert packaging("scribe_line").value == 0.2
    with pytest.raises(KeyError):
        packaging("gold")


def test_pins_worked_by_hand():
    """One channel of LPDDR4 carries 6.4 GB/s: 16 pins, 8 strobes, 10 commands; 12 of a host; half as many supplies."""
    assert pin_count(load_chip("edge-256")).value == math.ceil((16 + 8 + 10 + 12) * 1.5)
    twice = load_chip("edge-256", {"external.bytes_per_cycle": "16"})
    assert pin_count(twice).value == math.ceil((2 * (16 + 8 + 10) + 12) * 1.5)


def test_a_small_chip_of_few_pins_has_a_leadless_package():
    packages = fitting_packages(pins=69, area_mm2=0.7)
    assert list(packages) == [PackageKind.QFN, PackageKind.BGA, PackageKind.FLIP_CHIP_BGA]
    assert packages[PackageKind.QFN].value == 0.3


def test_balls_under_a_die_need_its_area():
    """64 balls of 0.4 mm pitch need 3.2 mm x 3.2 mm."""
    assert PackageKind.WLCSP in fitting_packages(pins=64, area_mm2=3.2**2 + 0.01)
    assert PackageKind.WLCSP not in fitting_packages(pins=65, area_mm2=3.2**2 + 0.01)


def test_many_pins_or_a_large_die_need_bumps():
    assert list(fitting_packages(pins=600, area_mm2=5)) == [PackageKind.FLIP_CHIP_BGA]
    assert list(fitting_packages(pins=69, area_mm2=400)) == [PackageKind.FLIP_CHIP_BGA]
    assert fitting_packages(pins=69, area_mm2=2000) == {}
    assert fitting_packages(pins=500, area_mm2=300)[PackageKind.FLIP_CHIP_BGA].value == pytest.approx(16)
