"""Any family of networks on a chip: from its settings to the bits and cycles of a simulated inference.

    python examples/networks.py                      a small network of every family that the catalogue has, by name
    python examples/networks.py transformer_text     build it, quantise it, run it, and say where its operators run

The settings of the catalogue are plain data: take one, change its fields (`docs/networks.md`), or read your own from a
recipe with `kind`. Weights are fresh here; `chipsmith train` trains the same settings.
"""

import argparse

import numpy as np
import torch

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.frontends.pytorch.network import lower_module
from chipsmith.learn.networks.catalogue import CATALOGUE
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute
from chipsmith.tosa.reference import evaluate


def show(name: str, chip_name: str = "edge-256") -> None:
    """Take one network of the catalogue to a chip and print what becomes of it."""
    entry = CATALOGUE[name]
    torch.manual_seed(0)
    module = entry.network.build(input_shape=entry.input_shape, outputs=entry.outputs).eval()

    # The quantiser takes the ranges of all values from typical examples. In earnest: some hundred of your own.
    calibration = entry.network.module_inputs(entry.random_examples(count=64, seed=0), seed=0)
    lowered = lower_module(module, entry.network.example_inputs(input_shape=entry.input_shape), calibration, name=name)
    program = compile_graph(lowered.graph, load_chip(chip_name))

    # One inference on the simulated chip, and the same by TOSA's meaning of each operator.
    arguments = entry.network.module_inputs(entry.random_examples(count=1, seed=1), seed=1)
    inputs = lowered.quantize_inputs(*arguments)
    outputs = execute(program, inputs)
    meant = evaluate(lowered.graph, inputs)
    assert all(np.array_equal(outputs[output], meant[output]) for output in meant)

    (values,) = lowered.dequantize_outputs(outputs)
    with torch.no_grad():
        exact = module(*map(torch.from_numpy, arguments)).numpy()
    print(f"{entry.network!r}")
    print(f"{name} on {chip_name}: {simulate(program).latency_cycles} cycles, exact to the bit")
    print(f"largest difference from float: {np.abs(values - exact).max():.3g}, outputs reach {np.abs(exact).max():.3g}")
    for step in lowered.host_steps:
        print(f"  host: {step.name}, {step.reason}")
    for row in program.manifest.operators:
        print(f"  {row.placed}: {row.name}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A network of the catalogue, compiled and compared; else their names.")
    parser.add_argument("name", nargs="?", choices=CATALOGUE, metavar="NETWORK")
    parser.add_argument("chip", nargs="?", default="edge-256", metavar="CHIP")
    asked = parser.parse_args()
    if asked.name:
        show(asked.name, asked.chip)
    else:
        print("\n".join(CATALOGUE))
