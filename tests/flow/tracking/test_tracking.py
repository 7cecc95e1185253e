"""Runs told to TensorBoard and MLflow: what they wrote is read back by their own readers."""

from __future__ import annotations

import os
import sys

import pytest
from small_recipe import write_small_recipe

import chipsmith
from chipsmith.errors import BadInput
from chipsmith.flow.tracking.mlflow import open_client
from chipsmith.flow.tracking.tracked import TrackedProgress, recipe_settings
from chipsmith.flow.tracking.tracker import TrackerKind
from chipsmith.learn import Epoch, load_recipe
from chipsmith.learn.progress import SilentProgress

pytest.importorskip("torch")
accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
pytest.importorskip("mlflow")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::sqlalchemy.exc.SADeprecationWarning")


@pytest.fixture(autouse=True)
def own_store(monkeypatch):
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"):
        os.environ.pop(name, None)
    root = tmp_path_factory.mktemp("runs")
    recipe = write_small_recipe(tmp_path_factory.mktemp("recipes"))
    tools = ["tensorboard", "mlflow"]
    return chipsmith.run(recipe, settings=["training.epochs=4"], out=root / "irises-0", track=tools)


def stored_runs(root, name="chipsmith"):
    client = open_client(f"sqlite:///{root / 'mlflow.db'}")
    return client, client.search_runs([client.get_experiment_by_name(name).experiment_id])


def read_events(folder):
    events = accumulators.EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    return events


def test_tensorboard_shows_the_curves_of_the_record(ran):
    events = read_events(ran.folder)
    epochs = ran.record.training.epochs
    for name, values in (
        ("loss/training", [epoch.train_loss for epoch in epochs]),
        ("loss/validation", [epoch.validation_loss for epoch in epochs]),
        ("score/validation", [epoch.validation_score for epoch in epochs]),
    ):
        assert [event.step for event in events.Scalars(name)] == [1, 2, 3, 4]
        assert [event.value for event in events.Scalars(name)] == pytest.approx(values)


def test_tensorboard_shows_the_figures_of_the_chip_and_the_settings(ran):
    events = read_events(ran.folder)
    inference = ran.record.inference
    figures = {
        "accuracy/npu": ran.record.primary_metric("npu").value,
        "chip/latency_cycles": inference.latency.cold_cycles,
        "chip/energy_uj": inference.energy_uj,
        "chip/area_mm2": inference.area.total,
    }
    assert {name: events.Scalars(name)[-1].value for name in figures} == pytest.approx(figures)
    assert any("hparams" in tag for tag in events.summary_metadata)


def test_mlflow_has_epochs_figures_settings_and_files(ran):
    client, (stored,) = stored_runs(ran.folder.parent)
    assert (stored.info.run_name, stored.info.status) == ("irises-0", "FINISHED")
    assert stored.data.metrics["accuracy/npu"] == ran.record.primary_metric("npu").value
    assert stored.data.metrics["chip/energy_uj"] == ran.record.inference.energy_uj
    assert stored.data.metrics["chip/mismatches"] == 0
    losses = client.get_metric_history(stored.info.run_id, "loss/validation")
    assert {row.step: row.value for row in losses} == {
        epoch.number: epoch.validation_loss for epoch in ran.record.training.epochs
    }
    assert stored.data.params["training.epochs"] == "4"
    assert stored.data.params["network.hidden"] == "[8]"
    assert stored.data.params["chip"] == "edge-256"
    assert stored.data.tags["chipsmith.command"] == ran.record.command.shell
    files = {file.path for file in client.list_artifacts(stored.info.run_id)}
    assert {"report.html", "result.json", "recipe.yaml", "chip.yaml"} <= files


def test_tracking_changes_nothing_of_a_run(ran, tmp_path):
    plain = chipsmith.run(write_small_recipe(tmp_path), settings=["training.epochs=4"], out=tmp_path / "plain")
    assert plain.record.hashes == ran.record.hashes
    assert plain.to_json() | {"host": {}} == ran.to_json() | {"host": {}}
    assert "--track" not in ran.record.command.shell


def test_a_training_alone_is_tracked_and_one_that_goes_on_tells_all_its_epochs(tmp_path):
    class Stopping(SilentProgress):
        def training(self, epochs):  # noqa: ARG002
            from contextlib import nullcontext

            def stop(epoch):
                if epoch.number == 2 and not resumed:
                    raise KeyboardInterrupt

            return nullcontext(stop)

    recipe, folder, resumed = write_small_recipe(tmp_path), tmp_path / "trained", False
    arguments = {"settings": ["training.epochs=4"], "out": folder, "track": ["tensorboard", "mlflow"]}
    with pytest.raises(KeyboardInterrupt):
        chipsmith.train(recipe, progress=Stopping(), **arguments)
    resumed = True
    trained = chipsmith.train(recipe, resume=True, progress=Stopping(), **arguments)
    events = read_events(folder).Scalars("loss/validation")
    assert [event.step for event in events] == [1, 2, 3, 4]
    _, stored = stored_runs(tmp_path)
    assert sorted(run.info.status for run in stored) == ["FINISHED", "KILLED"]
    whole = next(run for run in stored if run.info.status == "FINISHED")
    assert whole.data.metrics["accuracy/source"] == trained.metrics.primary_metric.value


def test_the_store_and_the_experiment_are_those_of_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "mine")
    monkeypatch.chdir(tmp_path)
    recipe = write_small_recipe(tmp_path)
    chipsmith.train(recipe, settings=["training.epochs=1"], out=tmp_path / "a" / "b", track=["mlflow"])
    _, (stored,) = stored_runs(tmp_path, "mine")
    assert stored.info.run_name == "b"
    assert not (tmp_path / "a" / "mlflow.db").exists()


def test_nothing_is_told_over_the_network_of_its_use(ran):
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert ran.bit_exact


def test_a_store_that_cannot_be_opened_is_refused_before_the_training(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nowhere://x")
    with pytest.raises(BadInput, match=r"MLflow's store nowhere://x cannot be opened: .*see MLFLOW_TRACKING_URI"):
        chipsmith.train(write_small_recipe(tmp_path), out=tmp_path / "run", track=["mlflow"])


@pytest.mark.parametrize(("tool", "package"), [("tensorboard", "tensorboard"), ("mlflow", "mlflow-skinny")])
def test_a_tool_that_is_not_installed_is_named_with_its_mend(tmp_path, monkeypatch, tool, package):
    from chipsmith import extras

    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    for name in [name for name in sys.modules if name.partition(".")[0] == tool]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(BadInput, match=rf"{package} is not installed; mend: pip install 'chipsmith\[tracking\]'"):
        chipsmith.train(write_small_recipe(tmp_path), out=tmp_path / "run", track=[tool])


def test_an_unknown_tool_is_refused(tmp_path):
    with pytest.raises(BadInput, match="--track wandb: runs are told to tensorboard and mlflow"):
        chipsmith.train(write_small_recipe(tmp_path), out=tmp_path / "run", track=["wandb"])


def test_a_tracker_that_fails_is_left_out_and_the_run_goes_on():
    told, epochs = [], []

    class Watching(SilentProgress):
        def tell(self, text):
            told.append(text)

    class Failing:
        kind = TrackerKind.MLFLOW

        def add_epoch(self, epoch):
            raise OSError(f"no space left for epoch {epoch.number}")

    class Working:
        kind = TrackerKind.TENSORBOARD

        def add_epoch(self, epoch):
            epochs.append(epoch.number)

    progress = TrackedProgress(Watching(), [Failing(), Working()])
    with progress.training(2) as on_epoch:
        for number in (1, 2):
            on_epoch(Epoch(number=number, train_loss=1.0, train_score=0.1, validation_loss=1.0, validation_score=0.1))
    assert epochs == [1, 2]
    assert told == ["mlflow is told no more of this run: OSError: no space left for epoch 1"]


def test_settings_keep_numbers_as_numbers():
    settings = recipe_settings(load_recipe("digits"), "edge-256")
    assert settings["training.epochs"] == 30
    assert settings["training.optimizer.learning_rate"] == 0.004
    assert settings["network.channels"] == "[16, 32]"
    assert (settings["recipe"], settings["chip"]) == ("digits", "edge-256")
    assert "training.privacy" not in settings
