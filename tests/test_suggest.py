"""What a wrong name was meant to be."""

from chipsmith.suggest import nearest_at_end, nearest_in_brackets, nearest_name


def test_the_nearest_name_is_found_and_a_distant_one_is_not():
    known = ("tensor", "vector", "memory")
    assert nearest_name("vectro", known) == "vector"
    assert nearest_name("clock_mhz", known) is None
    assert nearest_name("tensor", iter(())) is None


def test_a_message_names_the_nearest_in_brackets_or_at_its_end():
    known = ("tensor", "vector", "memory")
    assert nearest_in_brackets("vectro", known) == " (did you mean vector?)"
    assert nearest_at_end("vectro", known) == "; did you mean vector?"
    assert nearest_in_brackets("clock_mhz", known) == nearest_at_end("clock_mhz", known) == ""
