"""Each operator's meaning equals tosa_reference_model's to the bit, on the cases of TOSA's official generator.

By default a small sample of each operator; `pytest -m slow tests/tosa/test_conformance.py` makes and runs the
whole matrix of the integer profile and of double rounding (2,241 legal cases and 305 that must be refused; ten
minutes the first time).
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.tosa.file import read_tosa
from chipsmith.tosa.operators import OPERATORS
from chipsmith.tosa.reference import evaluate, evaluate_batch
from chipsmith.tosa.verify import verify
from chipsmith.witness.conformance.cases import Case, complete, illegal, is_case_of, load_case


def assert_exact(case: Case) -> None:
    outputs = evaluate(case.graph, case.inputs)
    for name, expected in case.expected().items():
        np.testing.assert_array_equal(outputs[name], expected, err_msg=case.name, strict=True)


@pytest.mark.parametrize("kind", sorted(OPERATORS))
def test_the_meaning_is_the_reference_models(kind, sample):
    assert sample[kind]
    for folder in sample[kind]:
        assert_exact(load_case(folder))


@pytest.mark.parametrize("kind", sorted(OPERATORS))
def test_a_batch_of_inferences_is_each_inference(kind, sample):
    case = load_case(sample[kind][0])
    shifted = {name: np.roll(array, 1) for name, array in case.inputs.items()}
    if kind in ("GATHER", "SCATTER"):
        shifted = {name: array if array.ndim == 2 else np.roll(array, 1) for name, array in case.inputs.items()}
    both = evaluate_batch(case.graph, {name: np.stack([case.inputs[name], shifted[name]]) for name in case.inputs})
    for index, inputs in enumerate((case.inputs, shifted)):
        for name, expected in evaluate(case.graph, inputs).items():
            np.testing.assert_array_equal(both[name][index], expected, strict=True)


@pytest.mark.slow
def test_the_whole_matrix(pytestconfig):
    folders = complete(pytestconfig.cache.mkdir("tosa-conformance"))
    for folder in folders:
        assert_exact(load_case(folder))
    counts = Counter(kind for folder in folders for kind in OPERATORS if is_case_of(folder, kind))
    assert set(counts) == set(OPERATORS)
    assert len(folders) >= 2241


@pytest.mark.slow
def test_all_illegal_cases_are_refused(pytestconfig):
    folders = illegal(pytestconfig.cache.mkdir("tosa-conformance"))
    for folder in folders:
        with pytest.raises((BadInput, OperatorRefused)):
            verify(read_tosa(folder / "test.tosa"))
    assert len(folders) >= 305
