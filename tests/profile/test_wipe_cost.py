"""The cycles of a wipe are those behind the end of everything before it."""

from __future__ import annotations

from pathlib import Path

import pytest

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.frontends.registry import load_model
from chipsmith.profile.wipe_cost import inference_cycles, wipe_cycles
from chipsmith.sim.cycle import simulate
from chipsmith.targets.npu import NpuTarget

NETWORKS = Path(__file__).parents[1] / "networks"
GRAPH = load_model(str(NETWORKS / "gru.tosa"), None).graph


@pytest.mark.parametrize("warm", [False, True])
def test_the_outputs_stand_when_they_do_without_a_wipe(warm):
    bare, wiped = (compile_graph(GRAPH, load_chip("nano-64"), wipe=wipe) for wipe in (False, True))
    before, after = simulate(bare, warm=warm), simulate(wiped, warm=warm)
    assert inference_cycles(bare, before) == before.latency_cycles
    assert wipe_cycles(bare, before) == 0
    assert inference_cycles(wiped, after) == before.latency_cycles
    assert wipe_cycles(wiped, after) == after.latency_cycles - before.latency_cycles > 0


def test_a_record_of_the_inference_says_what_the_wipe_takes():
    network = load_model(str(NETWORKS / "gru.tosa"), None)
    chip = load_chip("nano-64")
    bare, wiped = (NpuTarget(chip=chip, wipe=wipe).prepare(network).graph.profile() for wipe in (False, True))
    assert bare.latency.wipe_cycles == 0
    assert wiped.latency.wipe_cycles == wiped.latency.cold_cycles - bare.latency.cold_cycles
