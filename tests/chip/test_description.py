"""A chip is a frozen, validated value: sizes, canonical form, schema."""

import json

import pydantic
import pytest

from chipsmith.chip import Chip, catalogue, json_schema, load_chip, override_chip, read_chip
from chipsmith.chip.fields import field_rows


def test_edge_256_has_256_kib_in_all_its_memories_together():
    chip = load_chip("edge-256")
    assert chip.macs == 256
    assert chip.memory_bytes == 15 * 16384
    assert chip.accumulator_bytes == 2 * 64 * 16 * 4
    assert chip.instruction_bytes == 2 * 16 * 128
    assert chip.table_bytes == 4 * 1024
    assert chip.on_chip_bytes == 256 * 1024
    assert chip.clock_hz == 500_000_000
    assert chip.external_bytes == 64 * 1024 * 1024
    assert (chip.technology.node_nm, chip.external.kind, chip.external.bytes_per_cycle) == (28, "LPDDR4", 8)


@pytest.mark.parametrize("name", catalogue())
def test_a_chip_of_the_catalogue_bears_the_name_of_its_file_and_a_sentence(name):
    chip = load_chip(name)
    assert chip.name == name
    assert chip.description.endswith(".")


def test_the_catalogue_goes_from_small_to_large():
    sizes = [(chip.macs, chip.on_chip_bytes) for chip in map(load_chip, catalogue())]
    assert sizes == sorted(sizes)
    assert len(sizes) >= 3


def test_a_chip_cannot_be_changed():
    chip = load_chip("edge-256")
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        chip.clock_mhz = 600


@pytest.mark.parametrize("name", catalogue())
def test_the_yaml_form_reads_back_to_an_equal_chip(name):
    chip = load_chip(name)
    again = read_chip(chip.to_yaml())
    assert again == chip
    assert again.sha256 == chip.sha256


def test_the_canonical_form_is_json_that_validates_to_the_same_chip():
    chip = load_chip("edge-256")
    assert Chip.model_validate(json.loads(chip.canonical)) == chip


def test_the_hash_knows_every_field():
    chip = load_chip("edge-256")
    assert override_chip(chip, {"name": "edge-256", "external.latency_cycles": "65"}).sha256 != chip.sha256


def test_the_hash_does_not_depend_on_the_order_of_the_file():
    text = load_chip("edge-256").to_yaml()
    moved = text.replace("clock_mhz: 500\n", "") + "clock_mhz: 500\n"
    assert read_chip(moved).sha256 == load_chip("edge-256").sha256


def test_the_schema_refuses_unknown_keys_and_names_each_field():
    schema = json_schema()
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["TensorEngine"]["properties"]["rows"]["enum"] == [4, 8, 16, 32, 64, 128]
    assert all(row.description for row in field_rows())
    assert json.loads(json.dumps(schema)) == schema


def test_the_field_rows_are_the_fields_of_a_chip_file():
    def leaves(fields, prefix=""):
        for name, value in fields.items():
            yield from leaves(value, f"{prefix}{name}.") if isinstance(value, dict) else [f"{prefix}{name}"]

    assert [row.path for row in field_rows()] == list(leaves(load_chip("edge-256").model_dump()))
