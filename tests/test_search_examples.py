"""The studies in examples/: each is a space of legal designs with objectives that exist."""

from pathlib import Path

import numpy as np
import pytest

from chipsmith.studies.search.study_file import read_study

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("search_*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_a_study_whose_base_is_legal_and_lies_in_a_space_that_varies(path):
    study = read_study(path)
    space = study.parsed_chips()
    generator = np.random.default_rng(0)
    assert len(space.varied) >= 2
    assert any(not space.refusal(space.draw(generator)) for _ in range(30))
    assert set(study.parsed_numbers("reference_point")) <= set(study.parsed_objectives())
    assert study.parsed_constraints()
