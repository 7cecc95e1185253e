"""The verb explain: its front doors, what it prints, what it writes, and what it refuses."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import chipsmith
from chipsmith import cli
from chipsmith.chip import load_chip
from chipsmith.errors import BadInput
from chipsmith.flow.run_files import RESULT
from chipsmith.flow.run_folder import draw_again, read_run
from chipsmith.profile.measure import describe_chip, full_profile
from chipsmith.reports.record import RunRecord
from chipsmith.reports.result import write_result

NETWORKS = Path(__file__).parents[1] / "networks"
DIGITS = str(NETWORKS / "digits_cnn.tosa")


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        cli.main([*words])
    assert not ended.value.code
    return capsys.readouterr().out


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """What a run leaves, as far as explaining needs it; without an advice, as runs of before were."""
    import hashlib

    folder = tmp_path / "digits-0"
    folder.mkdir()
    shutil.copy(DIGITS, folder / "digits_cnn.tosa")
    chip = load_chip("nano-64")
    program = chipsmith.compile(DIGITS, chip=chip).program
    (folder / "chip.yaml").write_text(chip.to_yaml())
    record = RunRecord(
        network="digits_cnn",
        chip=describe_chip(chip),
        inference=full_profile(program),
        hashes={"digits_cnn.tosa": hashlib.sha256(Path(DIGITS).read_bytes()).hexdigest()},
    )
    write_result(record, folder / RESULT)
    return folder


def test_a_terminal_of_80_columns_shows_why_and_what_helps(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = printed(capsys, "explain", DIGITS)
    assert out.startswith("Why: digits_cnn on edge-256\n  - Time: 13.7")
    assert f"    chipsmith estimate {DIGITS} --chip edge-256 --set clock_mhz=636" in out
    commands = [line for line in out.splitlines() if line.startswith("    chipsmith ")]
    assert all(len(line) <= 80 for line in out.splitlines() if line not in commands)


def test_the_page_of_the_documentation_shows_what_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(NETWORKS.parents[1])
    shown = re.search(r"```text\n(.*?)```", Path("docs/explain.md").read_text(), re.DOTALL)
    assert shown is not None
    out = printed(capsys, "explain", "tests/networks/digits_cnn.tosa").replace("\u00a0", " ").splitlines()
    for line in shown[1].splitlines():
        assert line.strip() == "..." or line in out


def test_an_explanation_is_short_to_look_at() -> None:
    assert re.fullmatch(
        r"<Explanation digits_cnn on edge-256, \d+ changes simulated\. Time: .*>", repr(chipsmith.explain(DIGITS))
    )


def test_json_holds_the_sentences_the_commands_and_the_record(capsys: pytest.CaptureFixture[str]) -> None:
    answer = json.loads(printed(capsys, "explain", DIGITS, "--json"))
    assert answer["network"] == "digits_cnn"
    assert answer["diagnosis"][0].startswith("Time: ")
    assert {"kind", "among", "sentence", "command", "training_command", "score"} == set(answer["help"][0])
    assert answer["record"]["figures"]["cold_cycles"] == 6873
    assert sum(layer["path_cycles"] for layer in answer["layers"]) == 6873
    assert {"path_waits_for", "busy_with"} <= set(answer["layers"][0])
    assert "bound" not in answer["record"]["layers"][0]
    assert len({each["among"] for each in answer["help"]}) > 2


def test_a_run_folder_is_explained_on_its_own_chip_by_its_own_files(run_folder: Path) -> None:
    advice = chipsmith.explain(run_folder).advice
    assert advice.chip == "nano-64"
    assert advice.subject.model == str(run_folder / "digits_cnn.tosa")
    assert advice.figures.cold_cycles == read_run(run_folder).inference.latency.cold_cycles
    assert chipsmith.explain(run_folder, chip="edge-1024").advice.chip == "edge-1024"
    assert chipsmith.explain(run_folder, settings=["tensor.columns=16"]).advice.sizes.columns == 16


def test_a_report_of_a_run_of_before_says_why_too(run_folder: Path) -> None:
    before = (run_folder / RESULT).read_bytes()
    record = draw_again(run_folder)
    assert isinstance(record, RunRecord)
    assert record.advice is not None
    assert record.advice.simulated > 20
    assert 'id="advice"' in (run_folder / "report.html").read_text()
    assert (run_folder / RESULT).read_bytes() == before


def test_a_folder_without_its_network_has_a_report_and_no_advice(run_folder: Path) -> None:
    (run_folder / "digits_cnn.tosa").unlink()
    record = draw_again(run_folder)
    assert isinstance(record, RunRecord)
    assert record.advice is None
    with pytest.raises(BadInput, match=r"has no digits_cnn\.tosa any more: run the network again"):
        chipsmith.explain(run_folder)


def test_another_network_in_a_runs_folder_is_not_taken_for_its_own(run_folder: Path) -> None:
    shutil.copy(NETWORKS / "encoder_layer.tosa", run_folder / "digits_cnn.tosa")
    assert draw_again(run_folder).advice is None  # type: ignore[union-attr]
    with pytest.raises(BadInput, match="is not the network of the run any more"):
        chipsmith.explain(run_folder)


def test_a_program_is_diagnosed_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "d.program"
    program = chipsmith.compile(DIGITS, output=path).program
    explanation = chipsmith.explain(path)
    assert explanation.advice.simulated == 0
    assert explanation.advice.layers == chipsmith.explain(program).advice.layers
    for given in ({"chip": "nano-64"}, {"settings": ["tensor.rows=32"]}, {"channels": ["a=1"]}):
        with pytest.raises(BadInput, match="needs the network: a program is compiled for its chip already"):
            chipsmith.explain(path, **given)  # type: ignore[arg-type]


def test_other_channels_are_written_as_a_network_that_estimate_takes(tmp_path: Path) -> None:
    path = tmp_path / "narrow.tosa"
    explanation = chipsmith.explain(DIGITS, channels=["tosa_conv2d_default_1=16"], output=path)
    (estimate,) = chipsmith.estimate(str(path))
    assert estimate.inference.latency.cold_cycles == explanation.advice.figures.cold_cycles < 6873


def test_a_float_module_in_memory_is_explained_without_commands() -> None:
    import torch

    torch.manual_seed(0)
    module = torch.nn.Sequential(
        torch.nn.Conv2d(1, 20, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(720, 3)
    )
    calibration = np.random.default_rng(0).normal(size=(4, 1, 8, 8)).astype(np.float32)
    explanation = chipsmith.explain(module, calibration=calibration)
    assert explanation.advice.simulated > 20
    assert all(not each["command"] for each in explanation.to_json()["help"])


@pytest.mark.parametrize("setting", ["conv1", "conv1=", "=3", "conv1=-4", "conv1=x"])
def test_channels_are_a_layer_and_a_number(setting: str) -> None:
    with pytest.raises(BadInput, match="write a layer and its number of channels, for example conv1=32"):
        chipsmith.explain(DIGITS, channels=[setting])


def test_an_output_is_a_tosa_file() -> None:
    with pytest.raises(BadInput, match=r"a network is written as a \.tosa file"):
        chipsmith.explain(DIGITS, output="narrow.onnx")
