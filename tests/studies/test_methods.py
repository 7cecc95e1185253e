"""What a compression is asked to do."""

from __future__ import annotations

import pytest

from chipsmith.errors import BadInput
from chipsmith.studies.budget import Budget
from chipsmith.studies.methods import USUAL, CompressionSettings, Method


def test_the_usual_is_done_where_no_method_is_named():
    usual, named = CompressionSettings(budget=Budget()), CompressionSettings(budget=Budget(), methods=["two_of_four"])
    assert [method for method in Method if usual.includes(method)] == list(USUAL)
    assert [method for method in Method if named.includes(method)] == [Method.TWO_OF_FOUR]


def test_unknown_methods_and_no_trials_are_refused():
    with pytest.raises(BadInput, match="no compression method 'shrink'; there are quantised, quantised_in_training"):
        CompressionSettings(budget=Budget(), methods=["shrink"], trials=1)
    with pytest.raises(BadInput, match="--trials must be 1 or more"):
        CompressionSettings(budget=Budget(), trials=0)
    with pytest.raises(BadInput, match="--epochs must be 1 or more"):
        CompressionSettings(budget=Budget(), epochs=0)
