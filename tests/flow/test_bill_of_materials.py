"""Bills of materials: valid by CycloneDX's own schema, true to what is installed, the same for the same parts."""

from __future__ import annotations

import json
from importlib.metadata import version
from types import SimpleNamespace

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

import chipsmith
from chipsmith.errors import BadInput
from chipsmith.flow.bill_of_materials import BillOfMaterials, package_bom, run_bom
from chipsmith.flow.bom_components import installed_libraries, library_component
from chipsmith.learn import load_recipe


@pytest.fixture(scope="module")
def bill() -> BillOfMaterials:
    return package_bom()


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a distribution, as far as its metadata goes."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name: str, *fields: str, place: str | None = None) -> None:
        folder = tmp_path / f"{name}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("\n".join(["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", *fields]))
        if place is not None:
            (folder / "direct_url.json").write_text(place)

    return write


def test_it_is_valid_by_the_schema_of_cyclonedx(bill):
    assert bill.to_json()["specVersion"] == "1.6"
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill.text) is None


def test_a_bill_that_is_not_valid_is_told(bill):
    spoiled = bill.text.replace('"type": "library"', '"type": "liberty"', 1)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(spoiled) is not None


def test_versions_are_those_that_are_installed(bill):
    parts = {part["name"]: part for part in bill.components}
    assert {"numpy", "torch", "onnxruntime", "model-signing", "llvmlite", "cryptography"} <= set(parts)
    for name, part in parts.items():
        assert part["version"] == version(name)
        assert part["purl"].startswith(f"pkg:pypi/{name}@")
    assert "pytest" not in parts
    assert bill.to_json()["metadata"]["component"]["name"] == "chipsmith"


def test_who_needs_whom(bill):
    needs = {row["ref"]: set(row.get("dependsOn", ())) for row in bill.to_json()["dependencies"]}
    assert "llvmlite" in needs["numba"]
    assert {"numpy", "numba", "torch", "model-signing"} <= needs["chipsmith"]
    assert set().union(*needs.values()) <= needs.keys()


def test_equal_parts_give_equal_bytes(bill):
    assert package_bom().text == bill.text


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        (["License-Expression: MIT OR Apache-2.0"], {"expression": "MIT OR Apache-2.0"}),
        (["License: MIT"], {"license": {"id": "MIT"}}),
        (["License: Mine"], {"license": {"name": "Mine"}}),
        (["Classifier: License :: OSI Approved :: BSD License"], {"license": {"name": "BSD License"}}),
        (
            ["License: Copyright of us", "        All rights", "Classifier: License :: OSI Approved :: BSD License"],
            {"license": {"name": "BSD License"}},
        ),
        (["License: MIT License", "        Permission is"], {"license": {"name": "MIT License"}}),
        ([], None),
    ],
)
def test_a_licence_is_in_the_distributions_own_words(install, fields, licence):
    install("polish", *fields)
    (library,) = installed_libraries(["polish"], extras={})
    component = library_component(library)
    shown = [
        {"expression": row.value}
        if hasattr(row, "value")
        else {"license": {"id": row.id} if row.id else {"name": row.name}}
        for row in component.licenses
    ]
    assert shown == ([] if licence is None else [licence])


def test_what_an_extra_needs_counts_where_the_extra_is_asked_for(install):
    install("varnish")
    install("brush", "Requires-Dist: polish")
    install(
        "polish",
        "Requires-Dist: brush[soft]",
        "Requires-Dist: not-installed",
        "Provides-Extra: gloss",
        'Requires-Dist: varnish; extra == "gloss"',
    )
    plain = installed_libraries(["polish"], extras={})
    glossy = installed_libraries(["polish"], extras={"polish": ["gloss"]})
    assert {library.name: library.needs for library in plain} == {"brush": ("polish",), "polish": ("brush",)}
    assert {library.name: library.needs for library in glossy} == {
        "brush": ("polish",),
        "polish": ("brush", "varnish"),
        "varnish": (),
    }


def test_the_hash_of_an_archive_stands_where_pip_knows_it(install):
    digest = "0" * 64
    install("polish", place=json.dumps({"url": "x", "archive_info": {"hashes": {"sha256": digest}}}))
    install("varnish", place='{"url": "x", "dir_info": {}}')
    polish, varnish = map(library_component, installed_libraries(["polish", "varnish"], extras={}))
    assert [row.content for row in polish.hashes] == [digest]
    assert list(varnish.hashes) == []


def test_the_command_writes_and_prints_it(bill, tmp_path, capsys):
    from chipsmith import cli

    written = chipsmith.bom(output=tmp_path / "bom.cdx.json")
    assert (tmp_path / "bom.cdx.json").read_text() == bill.text
    assert written.path == tmp_path / "bom.cdx.json"
    with pytest.raises(SystemExit):
        cli.main(["bom", "--json"])
    assert json.loads(capsys.readouterr().out) == bill.to_json()
    with pytest.raises(SystemExit):
        cli.main(["bom"])
    assert "cryptography" in capsys.readouterr().out


def test_without_the_library_a_message_says_how_to_install_it(monkeypatch):
    from chipsmith import extras

    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    with pytest.raises(
        BadInput, match=r"cyclonedx-python-lib is not installed; mend: pip install 'chipsmith\[signing\]'"
    ):
        package_bom()


@pytest.mark.parametrize(("name", "hashed"), [("digits", True), ("digits_private", False)])
def test_the_training_part_of_a_private_training_has_no_hash(name, hashed):
    recipe = load_recipe(name)
    record = SimpleNamespace(
        versions={}, network=name, seed=0, files={}, hashes={}, chip=SimpleNamespace(yaml="", name="nano-64")
    )
    bill = run_bom(record, recipe=recipe, data=recipe.load_data())
    (data,) = [part for part in bill.components if part["name"].startswith("data ")]
    parts = {row["name"]: row["value"] for row in data["properties"]}
    assert parts["chipsmith:training"].startswith("3,500 examples")
    assert ("sha256" in parts["chipsmith:training"]) == hashed
    assert "sha256" in parts["chipsmith:test"]
