"""The oracle scores a network on a chip as the verbs do, field for field, and tells what does not fit as they do."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import chipsmith
from chipsmith.chip import Chip, load_chip, override_chip
from chipsmith.chip.sourced import Status
from chipsmith.compiler.compile import compile_graph
from chipsmith.costs import AreaEstimate, estimate_area, estimate_cost, estimate_energy
from chipsmith.errors import BadInput, ChipsmithError, OperatorRefused
from chipsmith.frontends.registry import load_model
from chipsmith.profile.prices import price_energy
from chipsmith.program.actions import count_program
from chipsmith.sim.cycle import simulate
from chipsmith.studies import oracle as oracle_module
from chipsmith.studies.oracle import PJ_PER_J, Misfit, Oracle, PairScore, Temperature
from chipsmith.tosa.file import read_tosa

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))  # last: its files must not stand before Python's own

from search_parts.legal_chips import draw_legal_chips

NETWORKS = Path(__file__).parents[1] / "networks"
DRAWN = draw_legal_chips(3, 5)
CRAMPED = override_chip(load_chip("nano-64"), {"memory.groups": "3", "memory.group_bytes": "1024"})
"""3 KiB in all: kernels run slice by slice, and some networks find no room at all."""


def scored_by_the_verbs(model: str, chip: Chip, temperature: Temperature) -> PairScore | Misfit:
    """What compile, simulate and estimate say of a pair; the energy of a warm inference is that of its own actions."""
    try:
        program = chipsmith.compile(model, chip=chip, no_check=True).program
        (estimate,) = chipsmith.estimate(model, chips=(chip,), no_check=True)
    except ChipsmithError as error:
        return Misfit(reason=str(error))
    totals, times = estimate.inference, chipsmith.simulate(program)
    cycles, energy = times.cold.latency_cycles, totals.energy
    if temperature is Temperature.WARM:
        cycles = times.warm.latency_cycles
        energy = price_energy(estimate_energy(chip, count_program(program, warm=True), cycles=cycles))
    return PairScore(
        cycles=cycles,
        latency_s=cycles / chip.clock_hz,
        energy_j=energy.total / PJ_PER_J,
        area_mm2=totals.area.total,
        cost_usd=totals.cost.chip_usd.value,
        max_clock_mhz=totals.timing.max_clock_mhz.value,
        energy_status=Status[energy.status],
        area_status=Status[totals.area.status],
        cost_status=Status[totals.cost.chip_usd.figure.status],
        clock_status=Status[totals.timing.max_clock_mhz.figure.status],
    )


@pytest.mark.parametrize("temperature", Temperature)
@pytest.mark.parametrize("network", ["digits_cnn", "encoder_layer", "families/mobilenet_v2"])
def test_a_score_is_what_the_verbs_say_field_for_field(network: str, temperature: Temperature) -> None:
    model = str(NETWORKS / f"{network}.tosa")
    oracle = Oracle(read_tosa(Path(model)), temperature=temperature)
    for chip in (load_chip("nano-64"), *DRAWN[:3]):
        assert oracle.score(chip) == scored_by_the_verbs(model, chip, temperature), chip.name


@pytest.mark.parametrize("temperature", Temperature)
@pytest.mark.parametrize("network", ["ad01_int8", "kws_dscnn_int8"])
def test_networks_of_mlperf_tiny_score_as_the_verbs_say(
    network: str, temperature: Temperature, shared_data: Path
) -> None:
    model = str(shared_data / "mlperf_tiny" / f"{network}.tflite")
    oracle = Oracle(load_model(model).graph, temperature=temperature)
    for chip in (load_chip("edge-256"), DRAWN[3]):
        assert oracle.score(chip) == scored_by_the_verbs(model, chip, temperature), chip.name


def test_kernels_that_run_slice_by_slice_score_as_the_verbs_say() -> None:
    model = str(NETWORKS / "digits_cnn.tosa")
    assert Oracle(read_tosa(Path(model))).score(CRAMPED) == scored_by_the_verbs(model, CRAMPED, Temperature.COLD)


def test_a_warm_inference_takes_fewer_cycles_and_less_energy() -> None:
    graph, chip = read_tosa(NETWORKS / "digits_cnn.tosa"), load_chip("edge-1024")
    cold, warm = (Oracle(graph, temperature=temperature).score(chip) for temperature in Temperature)
    assert isinstance(cold, PairScore)
    assert isinstance(warm, PairScore)
    assert warm.cycles < cold.cycles
    assert warm.energy_j < cold.energy_j
    assert warm.area_mm2 == cold.area_mm2


def test_both_temperatures_at_once_are_the_scores_of_each() -> None:
    graph, chip = read_tosa(NETWORKS / "encoder_layer.tosa"), load_chip("edge-256")
    both = Oracle(graph).score_both(chip)
    assert both == {temperature: Oracle(graph, temperature=temperature).score(chip) for temperature in Temperature}
    assert Oracle(graph).score_both(CRAMPED) == Oracle(graph).score(CRAMPED)


def test_a_misfit_has_the_message_of_the_compiler() -> None:
    graph = read_tosa(NETWORKS / "encoder_layer.tosa")
    for chip in (CRAMPED, override_chip(CRAMPED, {"memory.groups": "2", "memory.group_bytes": "256"})):
        with pytest.raises(OperatorRefused) as refused:
            compile_graph(graph, chip)
        assert Oracle(graph).score(chip) == Misfit(reason=str(refused.value))


def test_a_die_that_no_wafer_holds_is_a_misfit_with_the_message_of_the_estimate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def area_of_a_wafer(chip: Chip) -> AreaEstimate:
        parts = estimate_area(chip).parts
        return AreaEstimate(parts=(*parts, replace(parts[0], count=10**9)))

    chip = load_chip("edge-256")
    monkeypatch.setattr(oracle_module, "estimate_area", area_of_a_wafer)
    with pytest.raises(BadInput) as refused:
        estimate_cost(chip, area_of_a_wafer(chip))
    assert Oracle(read_tosa(NETWORKS / "digits_cnn.tosa")).score(chip) == Misfit(reason=str(refused.value))


def test_a_network_is_prepared_once_and_a_pair_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    for name in ("prepare_graph", "arrange_graph"):
        real = getattr(oracle_module, name)
        monkeypatch.setattr(
            oracle_module, name, lambda *given, real=real, name=name: (calls.append(name), real(*given))[1]
        )
    oracle = Oracle(read_tosa(NETWORKS / "digits_cnn.tosa"))
    first, second = load_chip("nano-64"), load_chip("edge-256")
    scores = [oracle.score(chip) for chip in (first, second, override_chip(first, {"name": "nano-64"}))]
    assert calls == ["prepare_graph", "arrange_graph", "arrange_graph"]
    assert scores[0] == scores[2] != scores[1]


def test_what_was_found_for_one_chip_changes_nothing_for_another() -> None:
    graph = read_tosa(NETWORKS / "encoder_layer.tosa")
    oracle = Oracle(graph)
    order = np.random.default_rng(5).permutation(len(DRAWN))
    shuffled = {DRAWN[index].name: oracle.score(DRAWN[index]) for index in order}
    assert shuffled == {chip.name: Oracle(graph).score(chip) for chip in DRAWN}


def test_a_program_is_timed_as_the_simulator_does() -> None:
    chip = DRAWN[0]
    graph = read_tosa(NETWORKS / "digits_cnn.tosa")
    score = Oracle(graph).score(chip)
    assert isinstance(score, PairScore)
    assert score.cycles == simulate(compile_graph(graph, chip)).latency_cycles
