"""FO4 by node and supply, held against what was measured in a library and what others publish."""

import pytest

from chipsmith.chip.fo4 import fo4_delay, slow_factor, typical_fo4
from chipsmith.chip.sourced import Status


def test_the_measured_process_has_what_was_measured():
    """OpenSTA on the open library of IHP SG13G2: 0.139 ns typical at 1.2 V, 0.215 ns slow."""
    assert typical_fo4(130).value == pytest.approx(0.139)
    assert fo4_delay(130, 1.2).value == pytest.approx(0.215)
    assert fo4_delay(130, 1.2).estimate.status is Status.COMPUTED


def test_the_slow_corner_is_assumed_where_it_was_not_measured():
    assert slow_factor(130).value == slow_factor(28).value == pytest.approx(0.215 / 0.139)
    assert slow_factor(28).status is Status.ASSUMED
    assert fo4_delay(28, 0.9).estimate.status is Status.ASSUMED


@pytest.mark.parametrize("node_nm", [130, 90, 65, 45, 40, 32, 28, 22, 20, 16, 14, 10, 7])
def test_the_estimate_lies_between_its_ends(node_nm):
    delay = fo4_delay(node_nm, 0.9)
    assert delay.low < delay.value < delay.high


def test_nodes_are_in_order():
    nodes = [130, 110, 90, 65, 55, 45, 40, 32, 28, 22, 20, 16, 14, 10, 7]
    delays = [typical_fo4(node).value for node in nodes]
    assert delays == sorted(delays, reverse=True)


def test_a_lower_supply_is_slower():
    """Sakurai and Newton, worked by hand for 0.92 and 0.8 V with Vt = 0.4 V and the exponent 1.3."""
    at_its_own, lower = (fo4_delay(28, voltage).value for voltage in (0.92, 0.8))
    assert lower / at_its_own == pytest.approx((0.8 / 0.4**1.3) / (0.92 / 0.52**1.3))


def test_the_ends_move_with_the_supply():
    before, after = fo4_delay(40, 1.1), fo4_delay(40, 0.8)
    slowdown = pytest.approx(after.value / before.value)
    assert after.low / before.low == slowdown
    assert after.high / before.high == slowdown


def test_a_node_between_lies_between_and_says_so():
    assert typical_fo4(32).value < typical_fo4(36).value < typical_fo4(40).value
    assert typical_fo4(36).estimate.status is Status.ASSUMED
    assert typical_fo4(40).estimate.status is Status.COMPUTED
