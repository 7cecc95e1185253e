"""Chip files: names, paths, overrides, and one clear message for each fault."""

import re

import pytest

from chipsmith.chip import (
    catalogue,
    load_catalogue,
    load_chip,
    override_chip,
    parse_chip_settings,
    parse_overrides,
    read_chip,
)
from chipsmith.errors import BadInput

EDGE = load_chip("edge-256").to_yaml()


def fault(text):
    with pytest.raises(BadInput) as raised:
        read_chip(text, origin="my.yaml")
    return str(raised.value)


def setting_fault(**overrides):
    with pytest.raises(BadInput) as raised:
        load_chip("edge-256", {path.replace("__", "."): value for path, value in overrides.items()})
    return str(raised.value)


def test_the_catalogue_is_loaded_in_its_order():
    chips = load_catalogue()
    assert tuple(chips) == catalogue()
    assert all(chip == load_chip(name) for name, chip in chips.items())


def test_a_file_is_loaded_by_its_path(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(EDGE.replace("name: edge-256", "name: mine"))
    assert load_chip(path).name == "mine"
    assert load_chip(str(path)) == load_chip(path)


def test_an_override_changes_its_field_and_the_name():
    chip = load_chip("edge-256", {"tensor.rows": "32", "technology.voltage_v": "0.8"})
    assert (chip.tensor.rows, chip.technology.voltage_v) == (32, 0.8)
    assert chip.name == "edge-256 (technology.voltage_v=0.8, tensor.rows=32)"


def test_an_override_may_give_the_name():
    chip = override_chip(load_chip("edge-256"), {"name": "64", "clock_mhz": "400"})
    assert (chip.name, chip.clock_mhz) == ("64", 400)


EVERY_FIELD = {
    "technology.node_nm": "40",
    "technology.voltage_v": "1.1",
    "clock_mhz": "400",
    "tensor.rows": "32",
    "tensor.columns": "32",
    "tensor.tile_pixels": "128",
    "vector.lanes": "32",
    "memory.groups": "14",
    "external.bytes_per_cycle": "16",
}


def test_many_overrides_become_their_number_and_a_hash():
    chip = load_chip("edge-256", EVERY_FIELD)
    assert re.fullmatch(r"edge-256 \(9 settings, [0-9a-f]{8}\)", chip.name)
    assert load_chip("edge-256", {**EVERY_FIELD, "memory.groups": "13"}).name != chip.name
    assert load_chip("edge-256", dict(reversed(EVERY_FIELD.items()))).name == chip.name


def test_overrides_of_a_chip_with_the_longest_name_are_no_fault():
    longest = override_chip(load_chip("edge-256"), {"name": "x" * 200})
    names = [override_chip(longest, {"clock_mhz": text}).name for text in ("400", "401")]
    assert len(set(names)) == 2
    assert all(name.startswith("x" * 80) and len(name) <= 120 for name in names)
    again = override_chip(override_chip(longest, EVERY_FIELD), EVERY_FIELD)
    assert again.tensor.rows == 32


def test_settings_of_a_chip_may_say_that_they_are():
    assert parse_chip_settings(["chip.tensor.rows=32", "name=mine"]) == {"tensor.rows": "32", "name": "mine"}
    with pytest.raises(BadInput, match="clock_mhz is given twice"):
        parse_chip_settings(["chip.clock_mhz=1", "clock_mhz=2"])


def test_overrides_are_parsed_from_settings():
    assert parse_overrides(["tensor.rows=32", "name = a=b"]) == {"tensor.rows": "32", "name": "a=b"}


@pytest.mark.parametrize("setting", ["tensor.rows", "=3", "tensor.rows="])
def test_a_setting_needs_a_field_and_a_value(setting):
    with pytest.raises(BadInput, match="write field=value"):
        parse_overrides([setting])


def test_a_setting_is_given_once():
    with pytest.raises(BadInput, match="clock_mhz is given twice"):
        parse_overrides(["clock_mhz=1", "clock_mhz=2"])


def test_a_wrong_value_names_field_value_line_allowed_and_nearest():
    message = fault(EDGE.replace("rows: 16", "rows: 17"))
    assert message.startswith(
        "chip my.yaml: line 10: tensor.rows = 17 is not allowed: one of 4, 8, 16, 32, 64, 128 (bytes"
    )
    assert message.endswith("the nearest is 16")


def test_a_number_out_of_range_says_the_range():
    assert "memory.groups = 16 is not allowed: an integer from 2 to 15" in fault(
        EDGE.replace("groups: 15", "groups: 16")
    )


@pytest.mark.parametrize("value", ["'500'", "500.5", "true", "null", "fast"])
def test_a_number_of_the_wrong_type_is_refused(value):
    message = fault(EDGE.replace("clock_mhz: 500", f"clock_mhz: {value}"))
    assert "line 8: clock_mhz = " in message
    assert "is not allowed: an integer from 1 to 5000 (clock in MHz)" in message


def test_a_long_value_is_not_repeated_whole():
    assert "clock_mhz = a very long number is not" in fault(
        EDGE.replace("clock_mhz: 500", f"clock_mhz: 0x{'f' * 5000}")
    )
    assert len(fault(EDGE.replace("clock_mhz: 500", f"clock_mhz: {'x' * 5000}"))) < 300


@pytest.mark.parametrize("value", [".nan", ".inf", "0.4", "1.4"])
def test_a_voltage_is_finite_and_in_range(value):
    assert "a number from 0.5 to 1.3" in fault(EDGE.replace("voltage_v: 0.9", f"voltage_v: {value}"))


def test_a_misspelt_field_is_recognised_and_the_missing_one_named():
    message = fault(EDGE.replace("rows: 16", "row: 16"))
    assert "chip my.yaml has 2 faults:" in message
    assert "tensor.rows is missing: one of 4, 8" in message
    assert "line 10: tensor.row is not a field; did you mean tensor.rows?" in message


def test_a_field_in_the_wrong_section_is_sent_to_its_own():
    assert "rows is not a field; did you mean tensor.rows?" in fault(EDGE + "rows: 16\n")


def test_an_unknown_field_lists_its_neighbours():
    message = fault(EDGE.replace("groups: 15", "groups: 15\n  colour: red"))
    assert "memory.colour is not a field; memory has groups, group_bytes" in message


def test_a_missing_section_lists_its_fields():
    message = fault(EDGE[: EDGE.index("external:")])
    assert message == (
        "chip my.yaml: external is missing: a section with kind, latency_cycles, bytes_per_cycle, size_mib"
    )


def test_a_section_that_is_a_value_is_refused():
    text = EDGE.replace("instructions:\n  page_instructions: 16", "instructions: 16")
    assert "instructions = 16 is not allowed: a section with page_instructions" in fault(text)


def test_an_unknown_memory_kind_suggests_a_known_one():
    message = fault(EDGE.replace("LPDDR4", "LPDDR5"))
    assert "external.kind = 'LPDDR5' is not allowed: one of LPDDR4, LPDDR2" in message
    assert message.endswith("did you mean LPDDR4?")


@pytest.mark.parametrize(
    ("old", "new"), [("schema_version: 1", "schema_version: 2"), ("kind: machine", "kind: described")]
)
def test_a_foreign_version_or_kind_says_what_is_held(old, new):
    message = fault(EDGE.replace(old, new))
    assert "is not allowed: " + old.partition(": ")[2] in message


def test_the_external_word_is_no_wider_than_a_line():
    message = setting_fault(tensor__rows="4")
    assert "external.bytes_per_cycle (8) may be at most tensor.rows (4), the line width" in message


def test_a_bank_holds_some_lines():
    message = setting_fault(memory__group_bytes="256", tensor__rows="32")
    assert "memory.group_bytes (256) must hold at least 8 lines of tensor.rows (32) bytes" in message


def test_the_largest_memory_has_24_bit_addresses():
    assert override_chip(load_chip("edge-256"), {"memory.group_bytes": "1048576"}).memory_bytes < 1 << 24


@pytest.mark.parametrize("name", ["multiplier_lanes", "table_lanes"])
def test_shared_units_are_at_most_the_lanes(name):
    message = setting_fault(**{f"vector__{name}": "32"})
    assert f"vector.{name} (32) may be at most lanes (16)" in message


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"tensor.colums": "32"}, "tensor.colums is not a field; did you mean tensor.columns?"),
        ({"tensor": "32"}, "setting tensor: name one of its fields, such as tensor.rows"),
        ({"clock_mhz.x": "1"}, "clock_mhz is a single value and has no fields"),
        ({"clock_mhz": "[1]"}, "set one field at a time"),
        ({"clock_mhz": "'"}, "the value is not a YAML scalar"),
    ],
)
def test_a_wrong_override_is_explained(overrides, words):
    with pytest.raises(BadInput) as raised:
        load_chip("edge-256", overrides)
    assert words in str(raised.value)


def test_an_overridden_line_of_a_file_is_not_blamed():
    assert "line" not in setting_fault(tensor__rows="17").partition("(")[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tensor: [1,\nclock_mhz: 3", "line 2: not YAML"),
        ("name: a\nname: b", "line 2: name is given twice (first on line 1): keep one"),
        ("tensor:\n  rows: 8\n  rows: 16", "line 3: tensor.rows is given twice (first on line 2)"),
        ("", "a chip file is a YAML mapping of fields"),
        ("just text", "a chip file is a YAML mapping of fields"),
        ("a: 1\n---\nb: 2", "not YAML: but found another document"),
        ("? [1]\n: 2", "line 1: not YAML"),
        ("a: !!python/name:os.system x", "line 1: not YAML: a tag (!...)"),
        ("a: &x {b: *x}", "line 1: not YAML: *x is an alias; write each value out"),
        (f"clock_mhz: {'9' * 5000}", "a value that YAML cannot read"),
        ("[" * 5000, "nested too deeply"),
        ("a: \x00", "not YAML"),
    ],
)
def test_text_that_is_no_chip_file_is_refused(text, words):
    assert words in fault(text)


def test_a_misspelt_chip_name_is_recognised():
    with pytest.raises(BadInput) as raised:
        load_chip("edge-265")
    assert str(raised.value) == (
        f"chip 'edge-265' is not in the catalogue (did you mean edge-256?): {', '.join(catalogue())}; or name a file"
    )


def test_a_missing_file_a_folder_and_a_binary_file_are_refused(tmp_path):
    binary = tmp_path / "chip.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path, words in [(tmp_path / "no.yaml", "No such file"), (tmp_path, "directory"), (binary, "not a text file")]:
        with pytest.raises(BadInput, match=words):
            load_chip(path)
