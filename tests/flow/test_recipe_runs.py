"""Recipes of other tasks, from data to chip: what stands in the record, the folder and the printed object."""

from __future__ import annotations

import json

import pytest

import chipsmith
from chipsmith.deployment.deployment import Deployment
from chipsmith.errors import BadInput
from chipsmith.flow.run_files import CHECKPOINT, TRAINED
from chipsmith.learn import load_recipe, load_trained
from chipsmith.learn.progress import SilentProgress
from chipsmith.program.file import read_program

pytest.importorskip("torch")

SHORT = ["training.epochs=5", "validation.bootstrap=100"]


@pytest.fixture(scope="module")
def regression(tmp_path_factory):
    """Two folds beside the run: three short trainings of a perceptron."""
    settings = [*SHORT, "training.batch_size=16", "validation.folds=2", "validation.compared=10"]
    return chipsmith.run("diabetes", settings=settings, out=tmp_path_factory.mktemp("runs") / "diabetes")


@pytest.fixture(scope="module")
def anomalies(tmp_path_factory):
    settings = [*SHORT, "validation.layer_errors=false", "tensor.rows=8"]
    return chipsmith.run("anomaly", settings=settings, out=tmp_path_factory.mktemp("runs") / "anomaly")


def test_a_regression_is_judged_alike_on_every_target(regression):
    plain = regression.to_json()
    assert (plain["task"], plain["metric"], plain["images"], plain["bit_exact"]) == ("regression", "R2", 88, True)
    assert abs(plain["metric_source"] - plain["metric_npu"]) < 0.05
    assert plain["accuracy_npu"] is None
    low, high = plain["metric_npu_interval"]
    assert low < plain["metric_npu"] < high


def test_as_many_examples_are_compared_as_the_recipe_says(regression):
    assert (regression.record.bit_exact.images, regression.record.bit_exact.compared) == (10, 10)


def test_folds_are_in_the_record(regression):
    folds = regression.record.folds
    assert (folds.name, len(folds.values)) == ("R2", 2)
    assert folds.mean == pytest.approx(sum(folds.values) / 2)


def test_a_run_leaves_no_checkpoint(regression):
    files = {file.name for file in regression.folder.iterdir()}
    assert CHECKPOINT not in files
    assert {"diabetes.tosa", "diabetes.program", TRAINED, "report.html"} <= files
    assert load_trained(regression.folder / TRAINED).training.target_scaling is not None


def test_the_program_has_the_threshold_of_an_anomaly(anomalies):
    deployment = Deployment.parse(read_program(anomalies.program).manifest.deployment, name="anomaly")
    assert deployment.anomaly_threshold > 0
    assert deployment.class_names == ("normal", "anomaly")
    assert [metric.name for metric in anomalies.record.metrics if metric.target == "npu"] == ["AUC", "RMSE"]
    assert anomalies.record.quantisation == ()


def test_a_setting_goes_to_the_recipe_or_to_the_chip(anomalies):
    assert anomalies.record.chip.name == "edge-256 (tensor.rows=8)"
    assert len(anomalies.record.training.epochs) == 5


def test_a_kernel_machine_runs_whole_on_a_chip(tmp_path):
    """The votes of its pairs are products and comparisons too: irises by the RBF kernel."""
    settings = ["data={kind: sklearn, name: iris}", "network={kind: rbf_kernel}", "training={epochs: 1}"]
    settings += ["validation={bootstrap: 100, layer_errors: false}"]
    plain = chipsmith.run("digits", settings=settings, out=tmp_path / "run").to_json()
    assert plain["bit_exact"]
    assert plain["accuracy_npu"] >= plain["accuracy_source"] - 0.04
    assert {operator["placed"] for operator in plain["operators"]} <= {"tensor", "vector", "view", "folded"}


def test_an_interrupted_run_goes_on_with_resume_alone(tmp_path):
    """Interrupted after its second epoch, as by a key: what is there is a checkpoint, and no half of a file."""

    class Stopping(SilentProgress):
        def training(self, epochs):
            from contextlib import nullcontext

            def stop(epoch):
                if epoch.number == min(2, epochs):
                    raise KeyboardInterrupt

            return nullcontext(stop)

    recipe = load_recipe("diabetes", SHORT)
    with pytest.raises(KeyboardInterrupt):
        chipsmith.train(recipe, out=tmp_path / "run", progress=Stopping())
    assert [file.name for file in (tmp_path / "run").iterdir()] == [CHECKPOINT]
    with pytest.raises(BadInput, match="holds a training that was interrupted: --resume goes on with it"):
        chipsmith.train(recipe, out=tmp_path / "run")
    with pytest.raises(BadInput, match=r"is of another training: its training\.l1 is 0\.0, here it is 0\.1"):
        chipsmith.train(load_recipe("diabetes", [*SHORT, "training.l1=0.1"]), out=tmp_path / "run", resume=True)
    resumed = chipsmith.train(recipe, out=tmp_path / "run", resume=True)
    whole = chipsmith.train(recipe, out=tmp_path / "whole")
    assert (tmp_path / "run" / TRAINED).read_bytes() == (tmp_path / "whole" / TRAINED).read_bytes()
    assert resumed.to_json() | {"weights": ""} == whole.to_json() | {"weights": ""}


def test_a_network_of_ones_own_takes_the_place_of_the_recipes(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(
        "import torch\n\ndef build(input_shape, outputs):\n    return torch.nn.Linear(input_shape[0], outputs)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    trained = chipsmith.train("diabetes", settings=SHORT, network="mine:build", out=tmp_path / "run")
    assert load_trained(trained.path, allow=["mine:build"]).module.in_features == 10
    json.dumps(trained.to_json())


@pytest.mark.slow
def test_a_variational_autoencoder_draws_on_the_chip(tmp_path):
    """About a minute: two programs, of the network and of its decoder."""
    settings = ["training.epochs=1", "network={kind: vae, channels: [4, 4], hidden: 8, latent: 2}"]
    ran = chipsmith.run("vae", settings=[*settings, "validation.executed=20"], out=tmp_path)
    assert [picture.title for picture in ran.record.pictures] == ["Decoded from noise", "Rebuilt"]
    assert ran.bit_exact
    assert "Decoded from noise" in (ran.folder / "report.html").read_text()


def test_a_run_is_deployed_with_its_scaling(regression, tmp_path):
    """That deploy ends says that predict() in C gave the reference's outputs for the recipe's own columns."""
    firmware = chipsmith.deploy(str(regression.folder), output=tmp_path / "c")
    header = (tmp_path / "c" / "network_predict.h").read_text()
    assert "int network_predict(const float *columns, float *output);" in header
    assert "Columns: age, sex, bmi" in header
    assert firmware.network == "diabetes"
    with pytest.raises(BadInput, match="a run's folder has its integers"):
        chipsmith.deploy(str(regression.folder), output=tmp_path / "d", random_calibration=True)
    with pytest.raises(BadInput, match="chipsmith run digits"):
        chipsmith.deploy(str(tmp_path), output=tmp_path / "d")
