"""The verbs as Python functions, and the main job whole: trained, compiled, executed, compared, timed, priced."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import chipsmith
from chipsmith.chip import load_chip
from chipsmith.compiler.network import compile_network
from chipsmith.errors import BadInput
from chipsmith.program.file import read_program
from chipsmith.reports.result import read_result
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute
from chipsmith.tosa.file import read_tosa
from chipsmith.tosa.reference import evaluate_batch
from chipsmith.witness.diff.sqnr import layer_errors

NETWORKS = Path(__file__).parent / "networks"


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """One whole run of the main job: about a minute on two cores."""
    return chipsmith.run("digits", seed=0, out=tmp_path_factory.mktemp("runs") / "digits")


def without_host(result) -> dict:
    plain = json.loads((result.folder / "result.json").read_text())
    del plain["host"]
    return plain


def test_the_chip_is_right_on_97_percent_and_bit_exact(ran):
    result = ran.to_json()
    assert result["images"] == 1000
    assert result["bit_exact"] is True
    assert result["accuracy_npu"] >= 0.97
    assert abs(result["accuracy_source"] - result["accuracy_npu"]) < 0.01
    assert abs(result["accuracy_int8"] - result["accuracy_npu"]) <= 0.002


def test_the_object_has_the_fields_that_scripts_read(ran):
    numbers = "latency_cycles latency_us energy_uj area_mm2 die_cost_usd accuracy_source accuracy_int8 accuracy_npu"
    result = ran.to_json()
    assert result["schema_version"] == 1
    assert all(result[name] > 0 for name in numbers.split())
    assert {"name", "placed", "reason"} <= set(result["operators"][0])


def test_the_figures_are_those_of_the_program_in_the_folder(ran):
    program = read_program(ran.program)
    assert ran.to_json()["latency_cycles"] == simulate(program).latency_cycles
    assert program.chip == load_chip("edge-256") == load_chip(ran.folder / "chip.yaml")


def test_the_program_computes_what_the_graph_in_the_folder_means(ran):
    graph = read_tosa(ran.folder / "digits.tosa")
    (name,), (output,) = graph.inputs, graph.outputs
    images = np.random.default_rng(1).integers(-128, 128, (20, *graph.tensor(name).shape)).astype(np.int8)
    chip = execute(read_program(ran.folder / "digits.program"), {name: images.reshape(-1, *images.shape[2:])})
    expected = evaluate_batch(graph, {name: images})
    assert np.array_equal(chip[output], expected[output].reshape(chip[output].shape))


def test_the_folder_holds_all_files_and_their_hashes(ran):
    files = {file.name for file in ran.folder.iterdir()}
    assert files == {"digits.tosa", "digits.program", "chip.yaml", "trained.safetensors"} | {
        "report.html",
        "trace.json",
        "result.json",
        "recipe.yaml",
        "test_answers.npz",
        "bom.cdx.json",
    }
    for name, digest in ran.record.hashes.items():
        assert hashlib.sha256((ran.folder / name).read_bytes()).hexdigest() == digest
    assert {"chipsmith", "torch", "tosa-tools"} <= set(ran.record.versions)


def test_the_bill_of_materials_names_files_data_chip_and_libraries_with_their_hashes(ran):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = (ran.folder / "bom.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    parts = {part["name"]: part for part in json.loads(text)["components"]}
    for name in ("digits.program", "digits.tosa", "chip.yaml", "trained.safetensors"):
        digest = hashlib.sha256((ran.folder / name).read_bytes()).hexdigest()
        assert parts[name]["hashes"] == [{"alg": "SHA-256", "content": digest}]
    assert parts["chip edge-256"]["hashes"] == parts["chip.yaml"]["hashes"]
    assert parts["torch"]["version"] == ran.record.versions["torch"]
    examples = {row["name"]: row["value"] for row in parts["data digits"]["properties"]}
    assert examples["chipsmith:test"].startswith("1,000 examples, sha256 ")


def test_wall_times_stand_in_the_host_block_alone(ran):
    stored = json.loads((ran.folder / "result.json").read_text())
    assert "train" in stored["host"]
    assert stored["record"]["host"] == {}
    assert ran.to_json()["host"]["folder"] == str(ran.folder)


def test_each_layer_loses_little_to_int8(ran):
    layers = {error.layer: error.sqnr_db for error in ran.record.quantisation}
    assert {"features.conv1", "features.conv2", "dense1", "dense2"} <= set(layers)
    assert min(layers.values()) > 20


def test_each_target_has_the_same_metrics(ran):
    names = {(metric.target, metric.name) for metric in ran.record.metrics}
    assert names == {(target, name) for target in ("source", "int8", "npu") for name in ("accuracy", "cross entropy")}
    assert sum(map(sum, ran.record.confusion.counts)) == 1000
    assert {curve.target for curve in ran.record.calibration} == {"source", "npu"}


def test_the_program_carries_what_raw_data_need(ran):
    from chipsmith.deployment.deployment import Deployment

    manifest = read_program(ran.program).manifest
    deployment = Deployment.parse(manifest.deployment, name="digits.program")
    assert deployment.class_names == tuple("0123456789")


def test_training_fits(ran):
    assert ran.record.training.verdict == "good"
    assert len(ran.record.training.epochs) == 30


def test_the_report_is_drawn_again_from_the_record_alone(ran, tmp_path):
    (tmp_path / "result.json").write_bytes((ran.folder / "result.json").read_bytes())
    again = chipsmith.report(tmp_path)
    assert again.record == read_result(ran.folder / "result.json")
    assert (tmp_path / "report.html").read_bytes() == (ran.folder / "report.html").read_bytes()
    assert (tmp_path / "trace.json").read_bytes() == (ran.folder / "trace.json").read_bytes()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_result(ran, tmp_path, monkeypatch):
    """With an empty cache: nothing is taken over from the first run."""
    monkeypatch.setenv("CHIPSMITH_CACHE", str(tmp_path / "cache"))
    assert without_host(chipsmith.run("digits", seed=0, out=tmp_path / "again")) == without_host(ran)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_other_seeds_reach_97_percent_too(seed, tmp_path):
    result = chipsmith.run("digits", seed=seed, out=tmp_path).to_json()
    assert result["bit_exact"] is True
    assert result["accuracy_npu"] >= 0.97


def test_quantisation_error_follows_its_definition():
    """A layer that is exact in int8 has no noise; one of 8 bits loses about 6 dB a bit."""
    import torch

    from chipsmith.frontends.pytorch.network import lower_module

    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(16, 8)).eval()
    values = np.random.default_rng(0).uniform(-1, 1, (64, 16)).astype(np.float32)
    lowered = lower_module(module, (torch.zeros(1, 16),), (values,), name="dense")
    (layer,) = layer_errors(lowered, values, obtained="a test")
    assert (layer.layer, layer.obtained) == ("0", "a test")
    assert 25 < layer.sqnr_db < 55


def test_compile_simulate_and_estimate_as_functions():
    model = str(NETWORKS / "gru.tosa")
    compiled = chipsmith.compile(model, chip=load_chip("nano-64"))
    timed = chipsmith.simulate(compiled.program)
    (estimate,) = chipsmith.estimate(model, chips=["nano-64"])
    assert timed.cold.latency_cycles == estimate.inference.latency.cold_cycles
    assert compiled.memory_peak_bytes == compiled.to_json()["memory_peak_bytes"] == estimate.inference.memory_peak_bytes
    assert (timed.inferences, timed.outputs, compiled.path) == (0, {}, None)


@pytest.mark.parametrize("name", ["gru", "encoder_layer", "digits_cnn"])
def test_every_operator_of_the_network_has_its_placement(name):
    graph = read_tosa(NETWORKS / f"{name}.tosa")
    rows = compile_network(graph, load_chip("edge-256")).manifest.operators
    placed = {row.name: row for row in rows}
    assert {op.name for op in graph.operators} <= set(placed)
    assert {row.placed for row in rows} <= {"tensor", "vector", "view", "constant", "folded"}
    assert all(row.reason for row in rows)


def test_an_unknown_recipe_is_refused():
    with pytest.raises(BadInput, match="there is no recipe 'letters'"):
        chipsmith.run("letters")


def test_train_writes_weights_and_a_verdict(ran, tmp_path, monkeypatch):
    """The verb is the run's first stage: the run above trained already, so its network is used again here."""
    from chipsmith.flow import training
    from chipsmith.learn import load_trained

    monkeypatch.setattr(training, "train_in", lambda *_, **__: load_trained(ran.folder / "trained.safetensors"))
    result = chipsmith.train("digits", seed=0, out=tmp_path).to_json()
    assert result["accuracy_source"] == ran.to_json()["accuracy_source"]
    assert (result["verdict"], len(result["history"])) == ("good", 30)
    assert load_trained(tmp_path / "trained.safetensors").training.recipe.seed == 0


def test_parts_of_a_cell_are_no_layers_of_the_module():
    """The quantiser takes a GRU apart, and some parts get names that other layers of the module have."""
    import torch

    from chipsmith.frontends.pytorch.network import lower_module
    from chipsmith.learn.networks import Gru

    torch.manual_seed(0)
    module = Gru(hidden=8).build(input_shape=(3, 4), outputs=5).eval()
    values = np.random.default_rng(0).normal(size=(16, 3, 4)).astype(np.float32)
    lowered = lower_module(module, (torch.zeros(1, 3, 4),), (values,), name="cell")
    layers = layer_errors(lowered, values, obtained="a test")
    assert layers
    assert all(error.sqnr_db is None or error.sqnr_db > 20 for error in layers)
