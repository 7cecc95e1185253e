"""The tables reproduce their sources, scale by the published rules and say where each number comes from."""

import pytest

from chipsmith.chip.description import Technology
from chipsmith.chip.sourced import Sourced, Status, assumed, derived, weakest
from chipsmith.chip.technology import (
    area_scale,
    energy_scale,
    external_energy_per_byte,
    logic_leakage_per_area,
)


@pytest.mark.parametrize(
    ("node_nm", "ratio"),
    [(130, 3.1675), (90, 1.9499), (65, 1.2535), (45, 1.0), (32, 0.641), (20, 0.2378), (16, 0.1873), (7, 0.1024)],
)
def test_energy_scales_as_stillmaker_and_baas_tabulate(node_nm, ratio):
    technology = Technology(node_nm=node_nm, voltage_v=0.9)
    assert energy_scale(from_nm=45, from_v=0.9, technology=technology).value == pytest.approx(ratio, abs=5e-5)


@pytest.mark.parametrize(
    ("from_nm", "to_nm", "ratio"),
    [(45, 32, 0.46), (45, 7, 0.059), (130, 90, 0.44), (90, 65, 0.53), (65, 130, 4.3), (32, 20, 0.46), (7, 16, 3.2)],
)
def test_area_scales_as_stillmaker_and_baas_tabulate_to_two_digits(from_nm, to_nm, ratio):
    assert area_scale(from_nm=from_nm, to_nm=to_nm).value == pytest.approx(ratio, rel=0.03)


def test_energy_falls_from_node_to_node_and_with_the_supply():
    def energy(node_nm, voltage_v):
        return energy_scale(from_nm=130, from_v=1.2, technology=Technology(node_nm=node_nm, voltage_v=voltage_v)).value

    assert energy(40, 0.9) > energy(28, 0.9) > energy(22, 0.9) > energy(16, 0.9)
    assert energy(28, 1.0) > energy(28, 0.9) > energy(28, 0.8)


@pytest.mark.parametrize("node_nm", [28, 40])
def test_the_same_circuit_leaks_the_same_at_each_node(node_nm):
    """Aladdin's multiplier has 6,350 um2 at 40 nm."""
    scale = area_scale(from_nm=40, to_nm=node_nm).value
    assert logic_leakage_per_area(node_nm=node_nm).value * 6350 * scale == pytest.approx(0.08)


def test_a_byte_of_lpddr4_costs_64_pj():
    energy = external_energy_per_byte("LPDDR4")
    assert energy.value == 64
    assert energy.references == ("Accelergy CACTI plug-in, cacti_wrapper.py",)


def test_an_unknown_memory_kind_is_a_key_error():
    with pytest.raises(KeyError):
        external_energy_per_byte("LPDDR9")


def test_a_result_is_no_better_than_its_worst_input():
    read = Sourced(value=2.0, unit="pJ", source="a paper", status=Status.VERBATIM)
    guess = assumed(3.0, "1", reason="a guess")
    assert weakest(Status.VERBATIM, Status.MEMORY, Status.SECONDARY) is Status.MEMORY
    assert derived(4.0, "pJ", formula="2 x 2", inputs=(read, read)).status is Status.COMPUTED
    product = derived(6.0, "pJ", formula="2 x 3", inputs=(read, guess))
    assert product.status is Status.ASSUMED
    assert str(product) == "6 pJ [ASSUMED: 2 x 3; a paper; a guess]"
