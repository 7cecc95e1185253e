"""Every verb and every form in which it takes what it takes: names, paths, and objects in memory."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_run import iris_recipe, run_iris

import chipsmith
from chipsmith.chip import load_chip
from chipsmith.errors import BadInput
from chipsmith.flow.results import CompileResult, RunResult, TrainResult
from chipsmith.frontends.registry import load_model
from chipsmith.tosa.file import read_tosa

DIGITS = Path(__file__).parents[1] / "networks" / "digits_cnn.tosa"
IMAGES = np.random.default_rng(0).integers(-128, 128, (2, 1, 28, 28)).astype(np.int8)
FLOWERS = np.random.default_rng(0).random((8, 4), np.float32)


@pytest.fixture(scope="module")
def ran(tmp_path_factory) -> RunResult:
    return run_iris(tmp_path_factory.mktemp("runs") / "iris")


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> TrainResult:
    return chipsmith.train(iris_recipe(), out=tmp_path_factory.mktemp("trained"))


@pytest.fixture(scope="module")
def compiled(tmp_path_factory) -> CompileResult:
    return chipsmith.compile(DIGITS, output=tmp_path_factory.mktemp("programs") / "p.program")


@pytest.fixture
def module() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))


def cycles(estimates) -> int:
    return estimates[0].inference.latency.cold_cycles


MODELS = {
    "a name": lambda: str(DIGITS),
    "a path": lambda: DIGITS,
    "a Graph": lambda: read_tosa(str(DIGITS)),
    "a QuantizedNetwork": lambda: load_model(str(DIGITS)),
}


@pytest.mark.parametrize("form", MODELS)
def test_a_network_in_every_form_is_the_same_to_every_verb_of_networks(form, tmp_path):
    model = MODELS[form]()
    assert chipsmith.compile(model).program == chipsmith.compile(str(DIGITS)).program
    assert cycles(chipsmith.estimate(model)) == cycles(chipsmith.estimate(str(DIGITS)))
    expected = chipsmith.infer(str(DIGITS), inputs=IMAGES).outputs
    for name, output in chipsmith.infer(model, inputs=IMAGES).outputs.items():
        assert np.array_equal(output, expected[name])
    assert chipsmith.scale(model, over=["bus"]) == chipsmith.scale(str(DIGITS), over=["bus"])
    assert (tmp_path / "c") == chipsmith.deploy(model, output=tmp_path / "c").folder
    assert len(chipsmith.rtl(models=[model], inputs=[IMAGES[:1]], out=tmp_path / "rtl").files) > 3


def test_a_module_and_arrays_are_taken_as_they_are(module):
    quantised = chipsmith.compile(module, calibration=FLOWERS)
    assert quantised.check is not None
    assert quantised.check.right
    assert cycles(chipsmith.estimate(module, calibration=FLOWERS)) > 0
    assert len(chipsmith.diff(module, calibration=FLOWERS).layers) >= 2
    assert chipsmith.infer(module, calibration=FLOWERS, inputs=FLOWERS).inferences == 8
    network = load_model(module, FLOWERS)
    assert [layer.int8 for layer in chipsmith.diff(network).layers] == [
        layer.int8 for layer in chipsmith.diff(module, calibration=FLOWERS).layers
    ]
    with pytest.raises(BadInput, match="quantised already"):
        chipsmith.compile(network, calibration=FLOWERS)


def test_a_data_set_and_a_recipe_are_calibrations(module):
    recipe = iris_recipe()
    for calibration in (recipe, recipe.load_data()):
        assert chipsmith.compile(module, calibration=calibration).quantisation is not None


@pytest.mark.parametrize("form", ["its result", "its folder", "its folder as text"])
def test_a_run_stands_for_its_network_program_recipe_and_folder(form, ran, tmp_path):
    run = {"its result": ran, "its folder": ran.folder, "its folder as text": str(ran.folder)}[form]
    time = ran.record.inference.latency.cold_cycles
    assert cycles(chipsmith.estimate(run)) == time
    assert chipsmith.compile(run).program.instructions == chipsmith.simulate(run).program.instructions
    assert chipsmith.simulate(run).cold.latency_cycles == time
    assert chipsmith.infer(run, inputs=FLOWERS).outputs["output"].shape == (8, 3)
    assert chipsmith.judge(run).metrics.primary_metric.value == ran.record.primary_metric("npu").value
    assert chipsmith.diff(run).layers
    assert chipsmith.report(run).record == ran.record
    assert chipsmith.deploy(run, output=tmp_path / "c").boards is not None
    assert chipsmith.generations([run], systems=["chips"], out=tmp_path / "g.html").comparison.rows


def test_a_run_and_a_training_stand_for_their_recipe(ran, trained):
    report = chipsmith.check_data(iris_recipe())
    assert chipsmith.check_data(ran) == chipsmith.check_data(trained) == report
    assert chipsmith.judge(ran.program, recipe=ran).recipe == "iris"


def test_a_training_stands_for_the_network_that_it_trained(trained, ran):
    assert cycles(chipsmith.estimate(trained)) == ran.record.inference.latency.cold_cycles
    assert chipsmith.compile(trained).check.right


def test_a_recipe_in_memory_is_changed_by_settings_as_a_named_one(tmp_path):
    result = chipsmith.train(iris_recipe(), settings=["training.epochs=1"], seed=3, out=tmp_path)
    assert (len(result.training.history.epochs), result.training.recipe.seed) == (1, 3)


def test_what_compile_returned_stands_for_its_program_and_its_file(compiled, tmp_path):
    simulated = chipsmith.simulate(compiled)
    for form in (compiled.program, compiled.path, str(compiled.path)):
        assert chipsmith.simulate(form).to_json() == simulated.to_json()
    assert chipsmith.simulate(simulated).cold.latency_cycles == simulated.cold.latency_cycles
    keys = chipsmith.keygen(output=tmp_path / "k.pem")
    assert chipsmith.sign(compiled, key=keys.private_path).path == compiled.path
    assert chipsmith.verify(compiled, key=keys.public_path).genuine
    assert cycles(chipsmith.estimate(compiled)) == simulated.cold.latency_cycles
    assert cycles(chipsmith.estimate(compiled.program)) == simulated.cold.latency_cycles
    with pytest.raises(BadInput, match="has its chip, edge-256"):
        chipsmith.estimate(compiled, chip="nano-64")
    with pytest.raises(BadInput, match="give the network"):
        chipsmith.scale(compiled)
    with pytest.raises(BadInput, match="was not written"):
        chipsmith.sign(replace(compiled, path=None), key=keys.private_path)


def test_inputs_of_a_program_are_arrays_files_or_arrays_by_name(compiled, tmp_path):
    np.save(tmp_path / "x.npy", IMAGES)
    (port,) = compiled.program.manifest.inputs
    forms = (IMAGES, {port.name: IMAGES}, tmp_path / "x.npy", str(tmp_path / "x.npy"))
    first, *others = (chipsmith.simulate(compiled, inputs=form).outputs for form in forms)
    (name,) = first
    assert all(np.array_equal(first[name], other[name]) for other in others)


CHIPS = {
    "a name": lambda _: "nano-64",
    "a Chip": lambda _: load_chip("nano-64"),
    "a path": lambda folder: chip_file(folder),
    "a path as text": lambda folder: str(chip_file(folder)),
}


def chip_file(folder: Path) -> Path:
    file = folder / "nano.yaml"
    file.write_text(load_chip("nano-64").to_yaml())
    return file


@pytest.mark.parametrize("form", CHIPS)
def test_a_chip_in_every_form_is_the_same_to_every_verb_of_chips(form, tmp_path):
    chip = CHIPS[form](tmp_path)
    assert chipsmith.chips(chip) == load_chip("nano-64")
    assert chipsmith.compile(DIGITS, chip=chip).program.chip == load_chip("nano-64")
    assert chipsmith.rtl(chip).chip == load_chip("nano-64")
    for words in ({"chip": chip}, {"chips": chip}, {"chip": [chip]}, {"chips": (chip,)}):
        assert [row.chip.name for row in chipsmith.estimate(DIGITS, **words)] == ["nano-64"]
        kernel = chipsmith.kernel("matmul", no_computer=True, **words)
        assert [row.chip.name for row in kernel.chips] == ["nano-64"]


def test_several_chips_by_either_word():
    names = ["nano-64", "edge-256"]
    for words in ({"chip": "nano-64, edge-256"}, {"chips": "nano-64,edge-256"}, {"chip": names}, {"chips": names}):
        assert [row.chip.name for row in chipsmith.estimate(DIGITS, **words)] == names
    mixed = chipsmith.estimate(DIGITS, chips=[load_chip("nano-64"), "edge-256"], settings=["clock_mhz=100"])
    assert {row.inference.latency.clock_mhz for row in mixed} == {100}


def test_chips_by_both_words_or_of_no_kind_are_refused():
    with pytest.raises(BadInput, match="give one of them"):
        chipsmith.estimate(DIGITS, chip="nano-64", chips=["edge-256"])
    with pytest.raises(BadInput, match="no chip is named"):
        chipsmith.estimate(DIGITS, chips=[])
    with pytest.raises(BadInput, match="a int is given"):
        chipsmith.compile(DIGITS, chip=256)


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        (chipsmith.simulate, {"program": 3}),
        (chipsmith.judge, {"program": 3, "recipe": "digits"}),
        (chipsmith.report, {"folder": 3}),
        (chipsmith.sign, {"path": 3, "key": os.devnull}),
        (chipsmith.train, {"recipe": 3}),
        (chipsmith.compile, {"model": 3}),
        (chipsmith.estimate, {"model": 3}),
    ],
)
def test_what_is_nothing_of_the_kind_is_refused_by_its_class(verb, words):
    with pytest.raises(BadInput, match="int"):
        verb(**words)
