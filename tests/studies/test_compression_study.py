"""What a study takes from its folder, and what it makes; nothing is trained here."""

from __future__ import annotations

import pytest
from toy_compression import MIDDLE

from chipsmith.learn.progress import SilentProgress
from chipsmith.studies.budget import Budget
from chipsmith.studies.compression import CompressionStudy
from chipsmith.studies.methods import CompressionSettings
from chipsmith.studies.plans import CandidatePlan


class Made(Exception):
    """That a network is made."""


class Folder:
    """Has one finished network, of a structure."""

    finished = MIDDLE.model_copy(update={"structure": {"channels.0": 8}})

    def read_candidate(self, name):
        return self.finished if name == self.finished.name else None


def plan(name, structure):
    def make():
        raise Made

    return CandidatePlan(name=name, method="search", how="for a test", build=make, widths={}, structure=structure)


def test_a_finished_network_is_taken_where_it_is_the_planned_one():
    study = CompressionStudy(None, CompressionSettings(budget=Budget()), Folder(), SilentProgress())
    assert study._finish([plan("middle", {"channels.0": 8})]) == [Folder.finished]
    for other in (plan("middle", {"channels.0": 16}), plan("fast", {"channels.0": 8})):
        with pytest.raises(Made):
            study._finish([other])
