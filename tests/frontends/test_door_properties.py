"""Random legal networks at the border of the doors, held to their source framework."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
from door_networks import open_session, run_chip, run_eager, run_onnx, save_calibration, sqnr_db
from random_modules import build_module
from random_onnx import build_network

from chipsmith.errors import BadInput, OperatorRefused

NETWORKS = 40
FLOOR_DB = 25.0
LEAST_AGREEMENT = 0.9
"""Of what a network decides (flags, places of the largest): two values may lie nearer to each other than a step."""
NOTHING = 1e-6
"""Floats below it are what rounding leaves of zeros, such as the mean of a normalised axis."""


def test_onnx_networks_are_near_onnxruntime(tmp_path):
    results = {}
    for seed in range(NETWORKS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        file, columns = build_network(folder, seed)
        names = [source.name for source in open_session(file).get_inputs()]
        calibration = save_calibration(folder, columns, names)
        results[seed] = judge(file, calibration, columns, run_onnx(file, columns))
    assert {seed: text for seed, text in results.items() if text} == {}


def test_modules_are_near_eager_ones(tmp_path, monkeypatch):
    built = ModuleType("random_modules_built")
    monkeypatch.setitem(sys.modules, built.__name__, built)
    results = {}
    for seed in range(NETWORKS):
        module, columns = build_module(seed)
        setattr(built, f"seed{seed}", module)
        folder = tmp_path / str(seed)
        folder.mkdir()
        calibration = save_calibration(folder, columns, ["x", "other"])
        results[seed] = judge(f"{built.__name__}:seed{seed}", calibration, columns, run_eager(module, columns))
    assert {seed: text for seed, text in results.items() if text} == {}


def judge(model, calibration, columns, expected):
    """What is wrong with the outputs, or why the network is refused; None where it is right."""
    try:
        outputs = run_chip(model, calibration, columns)
    except (BadInput, OperatorRefused) as error:
        return str(error)
    forms = [[(array.shape, str(array.dtype)) for array in arrays] for arrays in (outputs, expected)]
    if forms[0] != forms[1]:
        return f"{forms[0]} for {forms[1]}"
    faults = [fault(got, wanted) for got, wanted in zip(outputs, expected, strict=True)]
    return next((text for text in faults if text), None)


def fault(got, wanted):
    """What is wrong with an output: floats are near, decisions nearly all the same."""
    if wanted.dtype.kind == "f":
        if np.abs(wanted).max(initial=0) < NOTHING:
            return None if np.abs(got).max(initial=0) < NOTHING else "values where there are none"
        near = sqnr_db(got, wanted)
        return None if near >= FLOOR_DB else f"{near:.1f} dB"
    share = np.mean(got == wanted)
    return None if share >= LEAST_AGREEMENT else f"{share:.0%} are the same"
