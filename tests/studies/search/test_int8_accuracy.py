"""The accuracy by which a search knows a network is that of its int8 program."""

from __future__ import annotations

import pytest

from chipsmith.chip import load_chip
from chipsmith.compiler.network import compile_network
from chipsmith.learn import build_module, evaluate, load_recipe
from chipsmith.studies.search.accuracy import int8_accuracy
from chipsmith.targets.npu import NpuGraph
from chipsmith.targets.target import HostedGraph

SMALL = ("network.channels=[4]", "network.dense=[]", "validation.executed=60")


@pytest.fixture(scope="module")
def recipe():
    return load_recipe("digits", SMALL)


def test_it_is_what_the_program_answers(recipe):
    data = recipe.load_data()
    module = build_module(recipe, data).eval()
    network, metric = int8_accuracy(module, recipe, data, data.validation)
    program = compile_network(network.graph, load_chip("nano-64"))
    on_chip = HostedGraph(host=network, graph=NpuGraph(program=program))
    judged = data.validation.first(60)
    assert metric == evaluate(lambda inputs: on_chip.run(inputs)[0], judged, data.task).primary_metric
    assert (metric.name, metric.count) == ("accuracy", 60)
