"""The generations from networks to page: what is asked, what is left out, records that come and go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import chipsmith
from chipsmith.cli import main
from chipsmith.errors import BadInput
from chipsmith.flow.generation_networks import DEFAULT_NETWORKS, find_published, load_networks, name_network
from chipsmith.flow.generations import SystemGroup, collect_published, read_groups
from chipsmith.learn.progress import SILENT, SilentProgress
from chipsmith.profile.profile import Evidence

DIGITS = Path(__file__).parents[1] / "networks" / "digits_cnn.tosa"
RECORD = {
    "form": "chipsmith generations record",
    "schema_version": 1,
    "device": "H200",
    "versions": {"torch": "2.13.0"},
    "recorded": "2026-11-29",
    "rows": [
        {
            "network": "digits_cnn",
            "system": "torch, float32",
            "generation": "gpu",
            "latency_us": 80.0,
            "boundary": "Latency: arrays in the memory of the device.",
            "source": "torch 2.13.0",
        },
        {
            "network": "another",
            "system": "torch, float32",
            "generation": "gpu",
            "latency_us": 90.0,
            "boundary": "not stated",
            "source": "torch 2.13.0",
        },
    ],
}


@pytest.fixture
def record(tmp_path) -> Path:
    path = tmp_path / "h200.json"
    path.write_text(json.dumps(RECORD))
    return path


def test_networks_are_named_by_what_they_are():
    assert name_network("image") == "image"
    assert name_network("digits") == "digits"
    assert name_network("models/mine.onnx") == "mine"
    assert name_network("runs/digits-0") == "digits-0"
    assert name_network("package.module:build") == "build"
    assert DEFAULT_NETWORKS == ("image", "keyword", "person", "anomaly", "digits")


def test_two_networks_of_one_name_are_refused():
    with pytest.raises(BadInput, match=r"a/x\.tosa and b/x\.tosa would both be called 'x'"):
        load_networks(["a/x.tosa", "b/x.tosa"], None, SILENT)


@pytest.mark.parametrize("folder", [None, "nowhere"])
def test_a_network_whose_file_is_not_here_is_left_out_with_the_reason(monkeypatch, tmp_path, folder):
    if folder is None:
        monkeypatch.delenv("CHIPSMITH_DATA", raising=False)
    else:
        monkeypatch.setenv("CHIPSMITH_DATA", str(tmp_path / folder))
    asked = load_networks(["image"], None, SILENT)
    assert asked.names == ("image",)
    assert asked.networks == ()
    (item,) = asked.left_out
    assert "ic_resnet8_int8.tflite" in item.reason
    with pytest.raises(BadInput):
        find_published("image")


def test_a_network_that_nobody_published_says_so():
    collected = collect_published(["image", "digits"])
    assert len(collected.rows) > 60
    assert [item.what for item in collected.left_out] == ["digits: published"]


def test_groups_of_systems_are_read_by_name():
    assert read_groups(()) == tuple(SystemGroup)
    assert read_groups(("chips", "cpu", "chips")) == (SystemGroup.CHIPS, SystemGroup.CPU)
    with pytest.raises(BadInput, match=r"there are no systems 'chip'; there are published, cpu, .*did you mean chips"):
        read_groups(("chip",))


def test_the_chips_of_a_file_stand_on_its_page(tmp_path):
    page = tmp_path / "page.html"
    result = chipsmith.generations([str(DIGITS)], systems=["chips"], out=page)
    assert [row.system for row in result.comparison.rows] == ["nano-64", "edge-256", "edge-1024"]
    assert {row.network for row in result.comparison.rows} == {"digits_cnn"}
    assert "Chipsmith: edge-256" in page.read_text()


def test_anothers_record_comes_onto_the_page_with_its_networks(tmp_path, record):
    page = tmp_path / "page.html"
    result = chipsmith.generations([str(DIGITS)], systems=["chips"], others=[record], out=page, lang="zh")
    assert result.comparison.networks == ("digits_cnn", "another")
    gpu = [row for row in result.comparison.rows if row.organisation == "H200"]
    assert [(row.network, row.latency_us, row.how) for row in gpu] == [
        ("digits_cnn", 80.0, Evidence.MEASURED),
        ("another", 90.0, Evidence.MEASURED),
    ]
    assert "H200：torch, float32" in page.read_text()
    assert '<html lang="zh">' in page.read_text()


def test_a_bad_record_is_refused_before_anything_is_measured(tmp_path, record):
    record.write_text(record.read_text().replace("80.0", "-80.0"))
    with pytest.raises(BadInput, match=r"h200\.json is no record.*rows\.0\.latency_us"):
        chipsmith.generations(["no such network"], others=[record], out=tmp_path / "page.html")


def test_a_record_of_nothing_measured_is_refused_at_once(tmp_path):
    with pytest.raises(BadInput, match=r"nothing is measured for .*r\.json: add --system c or --system cpu or"):
        chipsmith.generations(["no such network"], systems=["chips"], record=tmp_path / "r.json", out=tmp_path / "p")


def test_what_could_not_be_measured_is_on_the_page_though_there_is_no_record(tmp_path):
    page, lstm = tmp_path / "page.html", DIGITS.with_name("lstm.tosa")
    with pytest.raises(BadInput, match=r"nothing was measured .*: the page says what was left out, and why"):
        chipsmith.generations([str(lstm)], systems=["gpu"], record=tmp_path / "r.json", out=page)
    assert "cuda" in page.read_text()


def test_page_and_record_are_two_files(tmp_path):
    (tmp_path / "x").mkdir()
    with pytest.raises(BadInput, match="cannot be both the record and the page"):
        chipsmith.generations(["no such network"], record=tmp_path / "r", out=tmp_path / "x" / ".." / "r")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--lang", "fr"], "the page is written in en, zh, not in 'fr'"),
        (["--out", "nowhere/page.html"], "there is no folder nowhere"),
        (["--system", "gpus"], "did you mean gpu?"),
        (["--with", "none.json"], "cannot read none.json"),
    ],
)
def test_bad_words_are_refused_in_a_line(capsys, words, message):
    with pytest.raises(SystemExit) as left:
        main(["generations", str(DIGITS), *words])
    assert left.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_json_has_the_rows_with_the_keys_that_scripts_read(capsys, tmp_path, record):
    words = ["--system", "chips", "--with", str(record), "--out", str(tmp_path / "page.html"), "--json"]
    with pytest.raises(SystemExit) as left:
        main(["generations", str(DIGITS), *words])
    assert left.value.code == 0
    content = json.loads(capsys.readouterr().out)
    keys = {"network", "system", "generation", "how", "latency_us", "energy_uj", "boundary", "source"}
    assert all(keys <= set(row) for row in content["rows"])
    chip = next(row for row in content["rows"] if row["system"] == "edge-256")
    assert (chip["how"], chip["energy_how"], chip["generation"]) == ("simulated", "estimated", "dedicated")
    assert content["page"] == str(tmp_path / "page.html")


def test_the_table_says_how_each_figure_was_obtained(capsys, tmp_path):
    with pytest.raises(SystemExit):
        main(["generations", str(DIGITS), "--system", "chips", "--out", str(tmp_path / "page.html")])
    shown = capsys.readouterr().out
    assert "simulated, estimated" in shown
    assert "dedicated chip" in shown
    assert f"page: {tmp_path / 'page.html'}" in "".join(shown.splitlines())
    assert max(map(len, shown.splitlines()[:12])) <= 100


def test_digits_without_pytorch_is_left_out_with_the_command_that_mends_it(monkeypatch, tmp_path):
    monkeypatch.setenv("CHIPSMITH_CACHE", str(tmp_path))
    monkeypatch.setattr("chipsmith.extras.find_spec", lambda _package: None)
    asked = load_networks(["digits"], None, SILENT)
    assert asked.networks == ()
    assert "mend: pip install" in asked.left_out[0].reason


def test_what_is_no_network_is_refused(tmp_path):
    with pytest.raises(BadInput, match="names no network"):
        load_networks([str(tmp_path / "mine.txt")], None, SILENT)
    with pytest.raises(BadInput, match=r"there is no network 'digit' \(did you mean digits\?\): name image, keyword"):
        load_networks(["digit"], None, SILENT)
    with pytest.raises(BadInput, match="is no run folder"):
        load_networks([str(tmp_path)], None, SILENT)


def test_a_run_of_a_quantum_network_stands_below_the_line(tmp_path):
    run = tmp_path / "digits_quantum-0"
    run.mkdir()
    result = {"network": "digits_quantum", "model": "quantum_kernel", "qubits": 8, "kind": "quantum"}
    result |= {"accuracy_exact": 0.9, "accuracy_exact_interval": [0.88, 0.92]}
    (run / "result.json").write_text(json.dumps(result))
    page = tmp_path / "page.html"
    shown = chipsmith.generations([str(run), str(DIGITS)], systems=["chips"], out=page)
    assert shown.comparison.networks == ("digits_cnn",)
    (row,) = [row for row in shown.comparison.rows if row.is_judged]
    assert row.source == str(run / "result.json")
    assert "90.0 % (88.0–92.0)" in page.read_text()


# --- the network of a recipe, kept in the cache -----------------------------------------------------------------------

RECIPE = """
name: rows
task: classification
data: {kind: table, path: PATH, target: kind}
network: {kind: mlp, hidden: [8]}
training: {epochs: 2, batch_size: 16}
"""


class Stages(SilentProgress):
    def __init__(self) -> None:
        self.trained = 0

    def stage(self, name: str) -> None:
        self.trained += name.startswith("train ")


def test_a_recipe_is_trained_once_for_the_same_data(tmp_path, monkeypatch):
    """Not by the name of its file: other content of the same length is other work, and so is a damaged entry."""
    pytest.importorskip("torch")
    monkeypatch.setenv("CHIPSMITH_CACHE", str(tmp_path / "cache"))
    table, recipe, stages = tmp_path / "rows.csv", tmp_path / "rows.yaml", Stages()
    lines = [f"{row}.25,{(row * 7) % 60}.5,{'ab'[row % 2]}" for row in range(60)]
    table.write_text("\n".join(["x,y,kind", *lines]))
    recipe.write_text(RECIPE.replace("PATH", str(table)))

    def load() -> int:
        load_networks([str(recipe)], None, stages)
        return stages.trained

    assert (load(), load()) == (1, 1)
    (entry,) = (tmp_path / "cache" / "generations").iterdir()
    entry.write_bytes(entry.read_bytes().replace(b"rows", b"raws", 1))
    assert (load(), load()) == (2, 2)
    table.write_text(table.read_text().replace("17.25", "18.25"))
    assert (load(), load()) == (3, 3)
