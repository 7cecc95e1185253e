"""Runs of quantum networks, from data to record, page and folder: irises by circuits of three qubits."""

from __future__ import annotations

import json

import numpy as np
import pytest
import yaml

import chipsmith
from chipsmith.errors import BadInput
from chipsmith.flow.run_files import CHECKPOINT
from chipsmith.flow.run_folder import read_run
from chipsmith.learn import load_trained, predict
from chipsmith.learn.recipe import load_recipe
from chipsmith.quantum.reading import read_qasm_state
from chipsmith.reports.quantum.record import QuantumRunRecord

for package in ("torch", "pennylane", "qiskit_aer", "qiskit_ibm_runtime"):
    pytest.importorskip(package)

FIELDS = {
    "name": "irises",
    "task": "classification",
    "data": {"kind": "sklearn", "name": "iris"},
    "principal_components": 3,
    "network": {"kind": "quantum_classifier", "qubits": 3, "layers": 2},
    "training": {"epochs": 3, "batch_size": 16, "optimizer": {"kind": "adamw", "learning_rate": 0.05}},
    "validation": {"bootstrap": 100},
    "quantum": {"shots": 300, "noisy_train": 30, "noisy_test": 12},
}
KERNEL = {"kind": "quantum_kernel", "qubits": 3, "layers": 2, "bandwidths": [0.5, 1.0], "penalties": [1.0, 10.0]}


def write_recipe(folder, **changes):
    path = folder / "irises.yaml"
    path.write_text(yaml.safe_dump({**FIELDS, **changes}))
    return path


@pytest.fixture(scope="module")
def classified(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classifier")
    return chipsmith.run(write_recipe(folder), out=folder / "run")


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("machine")
    return chipsmith.run(write_recipe(folder, network=KERNEL, training={"epochs": 1}), out=folder / "run")


def test_a_classifier_is_judged_in_every_mode_and_beside_every_model(classified):
    assert classified.record.targets == (
        *("exact", "shots", "exact_same_examples", "device"),
        *("no_entanglement", "rbf", "same_size", "hidden_32"),
    )
    assert [row.target for row in classified.record.comparisons] == ["no_entanglement", "rbf", "same_size", "hidden_32"]
    counts = {target: classified.record.primary_metric(target).count for target in classified.record.targets}
    assert counts == dict.fromkeys(counts, 30) | {"exact_same_examples": 12, "device": 12}


def test_a_machine_has_no_network_of_its_size_beside_it(machine):
    assert [row.target for row in machine.record.comparisons] == ["no_entanglement", "rbf", "hidden_32"]
    kernel = machine.record.kernel
    assert len(kernel.candidates) == 4
    assert kernel.geometric_difference > 0.9
    assert kernel.bandwidth in (0.5, 1.0)


@pytest.mark.parametrize("run", ["classified", "machine"])
def test_nothing_of_a_chip_stands_in_the_object(run, request):
    result = request.getfixturevalue(run)
    plain = result.to_json()
    text = json.dumps(plain)
    assert not [key for key in plain if "npu" in key or "chip" in key or "latency" in key or "energy" in key]
    assert "cycles" not in text
    assert (plain["kind"], plain["qubits"], plain["shots"]) == ("quantum", 3, 300)
    low, high = plain["accuracy_exact_interval"]
    assert low <= plain["accuracy_exact"] <= high
    assert result.failure == ""


def test_the_exact_answers_are_those_of_the_kept_module(classified):
    trained = load_trained(classified.folder / "trained.safetensors")
    test = trained.training.recipe.load_data().test.whole()
    right = predict(trained.module, test.inputs).argmax(1) == test.targets
    assert classified.record.primary_metric("exact").value == pytest.approx(right.mean())
    difference = next(row for row in classified.record.comparisons if row.target == "rbf")
    rbf = classified.record.primary_metric("rbf").value
    assert difference.difference == pytest.approx(right.mean() - rbf)


def test_others_compute_the_same_states(classified, machine):
    for record in (classified.record, machine.record):
        assert record.file_check.fidelity == pytest.approx(1, abs=1e-6)
        assert record.state_check.fidelity == pytest.approx(1, abs=1e-6)
        assert record.state_check.witness.startswith("PennyLane")


def test_the_folder_holds_the_circuit_of_the_first_test_example(classified):
    files = {file.name for file in classified.folder.iterdir()}
    assert files == {
        *("circuit.qasm", "report.html", "result.json", "trained.safetensors", "bom.cdx.json"),
        *("recipe.yaml", "test_answers.npz"),
    }
    assert CHECKPOINT not in files
    text = (classified.folder / "circuit.qasm").read_text()
    assert text.startswith("OPENQASM 3")
    assert np.linalg.norm(read_qasm_state(text)) == pytest.approx(1)


def test_the_record_of_a_folder_is_that_of_the_run(classified):
    stored = read_run(classified.folder)
    assert isinstance(stored, QuantumRunRecord)
    assert stored == classified.record
    assert chipsmith.report(classified.folder).to_json() == classified.to_json()


def test_the_page_shows_its_sections_and_no_latency(classified, machine):
    page = (classified.folder / "report.html").read_text()
    for name in ("accuracy", "circuit", "device", "training", "confusion", "figures", "run"):
        assert f'<section id="{name}">' in page
    assert '<section id="kernel">' not in page
    assert '<section id="latency">' not in page
    assert '<section id="kernel">' in (machine.folder / "report.html").read_text()
    assert '<svg class="circuit"' in page


def test_a_circuit_is_compared_with_a_chip_on_the_same_flowers(classified, tmp_path):
    """Its inputs are components of theirs: what is paired is what both were made of."""
    on_chip = chipsmith.run(
        write_recipe(tmp_path, network={"kind": "mlp", "hidden": [8]}, principal_components=None, quantum=None),
        out=tmp_path / "chip",
    )
    result = chipsmith.compare([on_chip, classified])
    (difference,) = result.metrics[0].differences
    right = [run.answers.right.mean() for run in result.runs]
    assert difference.paired
    assert difference.value == pytest.approx(right[1] - right[0])
    assert right[1] == pytest.approx(classified.record.primary_metric("exact").value)
    figures = {figure.label: figure.values for figure in result.figures}
    assert figures["latency"][1] is None
    assert figures["qubits"] == (None, 3)
    assert all(layer.figures[1] is None for layer in result.layers)


def test_the_record_says_what_a_circuit_was_made_of(classified):
    record = classified.record
    assert "kind: quantum_classifier" in record.recipe.yaml
    assert record.command.shell.endswith("irises.yaml")
    assert record.splits.part("test").examples == 30
    assert record.parameters.total == record.circuit.parameters + record.circuit.head_parameters
    assert record.mistakes.wrong == 30 - round(30 * record.primary_metric("exact").value)


def test_a_seed_gives_the_same_object_again(classified, tmp_path):
    again = chipsmith.run(write_recipe(tmp_path), out=tmp_path / "run").to_json()
    assert again | {"host": {}} == classified.to_json() | {"host": {}}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"chip": "nano-64"}, "--chip"),
        ({"cosim": True}, "--cosim"),
        ({"settings": ["tensor.rows=8"]}, "--set tensor.rows=8"),
    ],
)
def test_what_is_of_a_chip_is_refused(tmp_path, options, named):
    with pytest.raises(BadInput, match=rf"irises is a quantum network .*compiles for no AI chip: leave out {named}"):
        chipsmith.run(write_recipe(tmp_path), out=tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def test_a_quantum_network_is_not_compressed(tmp_path):
    with pytest.raises(BadInput, match="compress takes networks that run on a chip; irises is a quantum network"):
        chipsmith.compress(write_recipe(tmp_path), chip="nano-64", out=tmp_path / "run")


def test_an_unknown_device_and_too_many_qubits_are_refused_before_any_work(tmp_path):
    with pytest.raises(BadInput, match="no snapshot of a quantum device is called fezz; did you mean fez"):
        chipsmith.run(write_recipe(tmp_path), settings=["quantum.device=fezz"], out=tmp_path / "run")
    settings = ["quantum.device=vigo", "network.qubits=8"]
    with pytest.raises(BadInput, match="vigo has 5 qubits, irises takes 8"):
        chipsmith.run(write_recipe(tmp_path), settings=settings, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["chip=edge-256"], "a quantum network compiles for no AI chip: leave the chip out"),
        (["network.layer=2"], "network.layer is not a field; did you mean network.layers"),
        (["quantum.shots=0"], "quantum.shots = 0 is not allowed"),
        (["quantum.shot=10"], "quantum.shot is not a field; did you mean quantum.shots"),
    ],
)
def test_a_wrong_field_is_a_single_message(tmp_path, settings, message):
    with pytest.raises(BadInput, match=message) as refusal:
        load_recipe(write_recipe(tmp_path), settings)
    assert "faults" not in str(refusal.value)


def test_the_section_is_of_quantum_networks_alone():
    with pytest.raises(BadInput, match="the section is of a quantum network alone"):
        load_recipe("digits", ["quantum.shots=10"])
    assert (load_recipe("digits").chip, load_recipe("digits").quantum) == ("edge-256", None)


def test_training_alone_leaves_the_weights(tmp_path):
    trained = chipsmith.train(write_recipe(tmp_path), out=tmp_path / "run")
    plain = trained.to_json()
    assert (plain["network"], len(plain["history"])) == ("irises", 3)
    assert load_trained(trained.path).training.recipe.is_quantum
