"""What a wrong name was meant to be."""

from chipsmith.suggest import nearest_name


def test_the_nearest_name_is_found_and_a_distant_one_is_not():
    known = ("tensor", "vector", "memory")
    assert nearest_name("vectro", known) == "vector"
    assert nearest_name("clock_mhz", known) is None
    assert nearest_name("tensor", iter(())) is None
