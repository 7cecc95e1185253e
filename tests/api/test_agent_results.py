"""How much of a result an agent gets: short lists of it, what was cut, and nothing that is short is touched."""

from __future__ import annotations

from chipsmith.api.agent_results import BRIEF_BYTES, BRIEF_TEXT, CUT, shorten, shorten_text, size_bytes

DECISIONS = [{"time_s": index * 0.08, "probabilities": [0.125] * 8} for index in range(400)]


def test_a_short_object_stays_as_it_is():
    content = {"schema_version": 1, "runs": [{"name": "a"}] * 3}
    assert shorten(content) == content


def test_a_long_list_keeps_its_first_items_and_says_how_many_there_are():
    short = shorten({"schema_version": 1, "decisions": DECISIONS})
    assert size_bytes(short) <= BRIEF_BYTES
    count = len(short["decisions"])
    assert short["decisions"] == DECISIONS[:count]
    assert short[CUT]["lists"] == {"decisions": f"{count} of 400"}
    assert "detail=full" in short[CUT]["whole"]


def test_of_two_chips_with_many_layers_both_stay_and_a_shape_is_never_cut():
    layers = [{"name": f"layer {index}", "shape": [1, 28, 28, 16], "why": "x" * 60} for index in range(90)]
    short = shorten({"estimates": [{"chip": chip, "layers": layers} for chip in ("nano-64", "edge-256")]})
    assert size_bytes(short) <= BRIEF_BYTES
    assert [row["chip"] for row in short["estimates"]] == ["nano-64", "edge-256"]
    assert all(layer["shape"] == [1, 28, 28, 16] for row in short["estimates"] for layer in row["layers"])
    assert list(short[CUT]["lists"]) == ["estimates[0].layers", "estimates[1].layers"]


def test_a_long_text_within_is_cut_where_lists_are_not_what_is_long():
    short = shorten({"text": "x" * 50_000})
    assert size_bytes(short) <= BRIEF_BYTES
    assert short["text"].endswith("(50,000 characters)")


def test_a_text_keeps_whole_lines_and_counts_the_others():
    assert shorten_text("\none\ntwo\n") == "one\ntwo"
    shown = shorten_text("\n".join(f"line {index:04}" for index in range(1000)))
    first, _, last = shown.rpartition("\n")
    kept = first.count("\n") + 1
    assert len(first) <= BRIEF_TEXT
    assert first.endswith(f"line {kept - 1:04}")
    assert last.startswith(f"... {1000 - kept} more lines")
