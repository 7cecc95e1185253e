"""`compress` from a recipe to its folder: what is made, kept, taken again and refused."""

from __future__ import annotations

import json
import shutil

import pytest
from click.testing import CliRunner

import chipsmith
from chipsmith import cli
from chipsmith.chip import load_chip
from chipsmith.errors import BadInput, CheckFailed
from chipsmith.learn.compression.variants import CompressionContext
from chipsmith.learn.networks import Mlp
from chipsmith.learn.progress import SilentProgress
from chipsmith.learn.recipe import read_recipe
from chipsmith.learn.training import measure
from chipsmith.program.file import read_program
from chipsmith.studies.budget import Budget
from chipsmith.studies.folder import CompressionFolder


class Notes(SilentProgress):
    def __init__(self):
        self.stages = []

    def stage(self, name):
        self.stages.append(name)


def iris(**network):
    return read_recipe(
        {
            "name": "iris",
            "task": "classification",
            "data": {"kind": "sklearn", "name": "iris"},
            "network": network or {"kind": "mlp", "hidden": [32, 16]},
            "training": {"epochs": 4, "batch_size": 16},
        },
        origin="a test",
    )


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CHIPSMITH_CACHE", str(tmp_path / "cache"))


def test_the_folder_holds_the_choice_and_all_that_is_finished(tmp_path, own_cache):
    out, first, second = tmp_path / "run", Notes(), Notes()
    done = chipsmith.compress(iris(), chip="nano-64", methods=["two_of_four"], out=out, progress=first)
    names = [candidate.name for candidate in done.result.candidates]
    assert names == ["quantised", "two_of_four"]
    sparse = done.result.candidates[1]
    assert sparse.zero_share > 0.45
    assert sparse.cost.cycles == done.result.candidates[0].cost.cycles
    assert sparse.metrics["npu"].count == sparse.metrics["int8"].count

    plain = json.loads((out / "result.json").read_text())
    assert plain["chosen"] in names
    assert read_program(out / "iris.program").manifest.deployment is not None
    assert "<main>" in (out / "report.html").read_text()

    again = chipsmith.compress(iris(), chip="nano-64", methods=["two_of_four"], out=out, progress=second)
    assert again.result == done.result
    assert not any(name in stage for stage in second.stages for name in (*names, "train"))

    with pytest.raises(BadInput, match=r"another compression: its chip is nano-64, sha256 \w+, here it is edge-256"):
        chipsmith.compress(iris(), chip="edge-256", methods=["two_of_four"], out=out)

    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(out / "trained.safetensors", other)
    with pytest.raises(BadInput, match=r"trained.safetensors is of another recipe"):
        chipsmith.compress(iris(kind="mlp", hidden=[8]), chip="nano-64", out=other)


@pytest.mark.slow
def test_narrower_networks_and_other_structures_are_faster(tmp_path, own_cache):
    done = chipsmith.compress(
        iris(), chip="nano-64", budget=Budget(max_latency_us=2.0, max_accuracy_drop=100), trials=3, out=tmp_path / "run"
    )
    methods = {candidate.method for candidate in done.result.candidates}
    assert {"quantised", "quantised_in_training", "channels", "search"} <= methods
    assert all(
        done.result.speedup(candidate) > 1 for candidate in done.result.candidates if candidate.method == "channels"
    )
    assert {trial.sampler for trial in done.result.trials} == {"tpe", "random"}

    context = CompressionContext(
        recipe=iris(),
        dataset=iris().load_data(),
        chip=load_chip("nano-64"),
        module=Mlp(hidden=(32, 16)).build(input_shape=(4,), outputs=3),
        epochs=4,
    )
    folder = CompressionFolder(tmp_path / "stored", identity={"recipe": "a test"})
    (tmp_path / "stored" / "candidates").symlink_to(tmp_path / "run" / "candidates")
    data = context.dataset
    for candidate in done.result.candidates:
        if candidate.method in ("channels", "search"):
            module = folder.read_module(candidate, context)
            assert measure(module, data.test, data.task)[1] == pytest.approx(candidate.metrics["source"].value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--max-latency-us", "-3"], "--max-latency-us is -3.0; it must be a number above 0"),
        (["--max-accuracy-drop", "nan"], "--max-accuracy-drop is nan"),
        (["--method", "shrink"], "no compression method 'shrink'"),
        (["--chip", "giant"], "giant"),
    ],
)
def test_bad_arguments_are_one_message(arguments, message):
    result = CliRunner().invoke(cli.app, ["compress", "digits", *arguments])
    assert isinstance(result.exception, BadInput | CheckFailed)
    assert message in str(result.exception)


def test_a_budget_that_is_no_number_is_refused():
    result = CliRunner().invoke(cli.app, ["compress", "digits", "--max-latency-us", "fast"])
    assert result.exit_code == 2
    assert "--max-latency-us" in result.output
