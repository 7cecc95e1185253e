"""The verb search on a real network: the same whatever the workers, resumable, and told to the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import optuna
import psutil
import pytest
import yaml
from distributed import Client, LocalCluster
from optuna.storages import RDBStorage

import chipsmith
from chipsmith import cli
from chipsmith.errors import BadInput
from chipsmith.studies.search import workers
from chipsmith.studies.search.remote import describe_software
from chipsmith.studies.search.study_file import parse_study, read_study

STUDY = {
    "network": "tests/networks/digits_cnn.tosa",
    "space": {
        "chip": {
            "base": "edge-256",
            "tensor.rows": [8, 16, 32],
            "tensor.columns": [8, 16, 32],
            "memory.groups": {"from": 4, "to": 15},
            "external.bytes_per_cycle": [4, 8, 16],
            "clock_mhz": "max",
        }
    },
    "objectives": {"energy_j": "minimise", "latency_s": "minimise"},
    "constraints": ["area_mm2 <= 0.9"],
    "sampler": "tpe",
    "trials": 12,
    "seeds": [0, 1],
    "verify": "none",
}


def study(**changes):
    return parse_study({**STUDY, **changes}, origin="test")


def findings(result):
    """What a search found, without the time that it took."""
    fields = result.to_json()
    return {name: value for name, value in fields.items() if name not in ("cpu_hours", "host")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return chipsmith.search(study(), out=tmp_path_factory.mktemp("search") / "whole")


def test_what_a_search_leaves(whole):
    fields = json.loads((whole.folder / "result.json").read_text())
    assert {"trials", "front", "winner", "random", "binding", "cpu_hours", "space"} <= set(fields)
    assert len(fields["trials"]) == len(fields["random"]["trials"]) == 24
    assert fields["space"]["size"] == 324
    assert fields["space"]["legal_share"] == 8 / 9
    winner = fields["winner"]
    assert winner["figures"]["area_mm2"] <= 0.9
    (estimate,) = chipsmith.estimate(STUDY["network"], chips=[str(whole.folder / "chip.yaml")], no_check=True)
    assert winner["network"][0]["cycles"] == estimate.inference.latency.cold_cycles
    assert winner["objectives"]["energy_j"] == pytest.approx(estimate.inference.energy.total / 1e12)
    assert len(list((whole.folder / "chips").glob("front-*.yaml"))) == len(fields["front"])


def test_a_file_of_the_winners_network_that_no_search_wrote_is_kept(tmp_path):
    (tmp_path / "digits.tosa").write_text("mine")
    joint = read_study(Path("examples/search_digits_joint.yaml"))
    with pytest.raises(BadInput, match=r"digits\.tosa is not as a search wrote it, and is not overwritten"):
        chipsmith.search(joint, out=tmp_path)
    assert (tmp_path / "digits.tosa").read_text() == "mine"


def test_every_step_around_the_winner_is_told(whole):
    winner = whole.result.winner
    assert len(whole.result.changes) == len(list(whole.result.space.steps(winner.values)))


def test_the_number_of_workers_changes_nothing(whole, tmp_path):
    assert findings(chipsmith.search(study(), workers=2, out=tmp_path / "two")) == findings(whole)


def test_each_sampler_and_seed_is_copied_to_a_storage_which_changes_nothing(whole, tmp_path):
    storage = f"sqlite:///{tmp_path / 'trials.db'}"
    for _ in range(2):
        assert findings(chipsmith.search(study(), storage=storage, resume=True, out=tmp_path / "copied")) == findings(
            whole
        )
    opened = RDBStorage(storage)
    counts = {row.study_name: row.n_trials for row in optuna.get_all_study_summaries(opened)}
    opened.engine.dispose()
    assert counts == {f"study/{sampler}/{seed}": 12 for sampler in ("tpe", "random") for seed in (0, 1)}


@pytest.fixture(scope="module")
def scheduler():
    """The address of a scheduler with one worker, as they run on other machines."""
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
        yield cluster.scheduler_address


def test_the_workers_of_a_scheduler_change_nothing_and_their_time_is_counted(whole, scheduler, tmp_path):
    searched = chipsmith.search(study(), scheduler=scheduler, out=tmp_path / "elsewhere")
    assert findings(searched) == findings(whole)
    assert searched.result.cpu_s > 0.5 * sum(outcome_seconds(tmp_path / "elsewhere"))
    with Client(scheduler, set_as_default=False) as client:
        assert list(client.run(lambda dask_worker: dask_worker.chipsmith_scorers).values()) == [{}]


def test_workers_with_other_software_are_refused(scheduler, tmp_path, monkeypatch):
    here = describe_software()
    monkeypatch.setattr(workers, "describe_software", lambda: {**here, "Python": "3.99", "Chipsmith": "0.0 (none)"})
    with pytest.raises(BadInput, match=r"worker tcp://\S+ has Python 3\.\d+, Chipsmith .* this search Python 3\.99"):
        chipsmith.search(study(), scheduler=scheduler, out=tmp_path / "other")


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"workers": 2, "scheduler": "tcp://127.0.0.1:9"}, "leave --workers or --scheduler out"),
        ({"workers": 0}, "workers is 1 or more; 0 is given"),
        ({"storage": "nowhere/trials.log"}, "cannot open the storage nowhere/trials.log"),
    ],
)
def test_workers_and_storages_that_cannot_be_are_refused(choice, words, tmp_path):
    with pytest.raises(BadInput, match=words):
        chipsmith.search(study(), out=tmp_path / "refused", **choice)
    assert not (tmp_path / "refused").exists()


def test_a_search_goes_on_to_more_trials_and_only_by_resume(whole, tmp_path):
    short = chipsmith.search(study(trials=5), out=tmp_path / "longer")
    with pytest.raises(BadInput, match="go on with --resume"):
        chipsmith.search(study(), out=tmp_path / "longer")
    longer = chipsmith.search(study(trials=5), trials=12, resume=True, out=tmp_path / "longer")
    assert findings(longer) | {"pairs": 0} == findings(whole) | {"pairs": 0}
    assert longer.result.pairs >= short.result.pairs


def test_a_folder_of_another_space_is_refused(whole):
    other = {"chip": {**STUDY["space"]["chip"], "tensor.rows": [8, 16]}}
    with pytest.raises(
        BadInput, match=r"another search: its space\.tensor\.rows is \[8, 16, 32\], here it is \[8, 16\]"
    ):
        chipsmith.search(study(space=other), resume=True, out=whole.folder)


def test_two_networks_are_weighed(tmp_path):
    encoder, digits = "tests/networks/encoder_layer.tosa", STUDY["network"]
    networks = [{"file": digits, "weight": 2}, {"file": encoder}]
    result = chipsmith.search(study(network=networks, trials=4, seeds=[0]), out=tmp_path / "both").result
    first, second = result.winner.outcome.scores
    assert result.winner.figures["energy_j"] == pytest.approx(2 * first.energy_j + second.energy_j)


def test_budgets_that_nothing_keeps_are_told(tmp_path):
    result = chipsmith.search(study(constraints=["area_mm2 <= 0.1"], trials=4, seeds=[0]), out=tmp_path / "none")
    assert result.result.winner is None
    assert "area_mm2 <= 0.1 binds: 0 of 8 trials keep it" in result.failure
    assert result.to_json()["nearest_miss"]["figures"]["area_mm2"] > 0.1


@pytest.mark.slow
def test_the_digits_network_and_its_chip_are_searched_together(tmp_path):
    joint = read_study(Path("examples/search_digits_joint.yaml"))
    short = joint.model_copy(update={"seeds": (0,), "finalists": 1, "noise_seeds": 2})
    fields = chipsmith.search(short, trials=16, out=tmp_path / "joint").to_json()
    winner, (finalist,) = fields["winner"], fields["finalists"]
    assert winner["figures"]["area_mm2"] <= 0.4
    assert 0.96 <= winner["figures"]["accuracy"] == finalist["accuracy"]["full"]
    assert 0.94 < fields["test_accuracy"] <= 1
    network = tmp_path / "joint" / "digits.tosa"
    (estimate,) = chipsmith.estimate(network, chips=[str(tmp_path / "joint" / "chip.yaml")], no_check=True)
    assert winner["network"][0]["cycles"] == estimate.inference.latency.cold_cycles


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sampler": "tpee"}, "sampler = 'tpee' is not allowed: give one of random, .* did you mean tpe"),
        ({"samplers": "tpe"}, "samplers is not a field; did you mean sampler"),
        ({"objectives": {"energyj": "minimise"}}, r"objectives\.energyj: .* did you mean energy_j\?"),
        (
            {"objectives": {"accuracy": "maximise"}},
            r"objectives\.accuracy: a network's file holds no labelled",
        ),
        ({"constraints": ["accuracy >= 0.9"]}, r"'accuracy >= 0\.9': a network's file holds no labelled examples"),
        ({"supernet_epochs": 30}, "supernet_epochs: without space.network no supernet is trained"),
        ({"space": {**STUDY["space"], "network": {"width": [0.5, 1]}}}, r"a single recipe can vary, and .* is a file"),
        ({"network": [{"file": "a.tosa", "recipe": "digits"}]}, r"is \{file: \.\.\.\} or \{recipe: \.\.\.\}: give one"),
        ({"network": {"recipe": "digit"}}, "there is no recipe 'digit'"),
        ({"network": {"recipe": "diabetes"}}, "its task is .*, and a search judges what it trains by accuracy"),
        ({"space": {**STUDY["space"], "compiler": {"tiles": [1, 2]}}}, r"space\.compiler\.tiles is no choice"),
        ({"space": {**STUDY["space"], "compiler": {"border": ["chip", "host"]}}}, "network's file is lowered as it is"),
        (
            {"space": {**STUDY["space"], "compiler": {"border": ["hosts"]}}},
            "hosts is not allowed; it is one of",
        ),
        ({"space": {"chip": {"base": "edge-256"}}}, "space is empty: give a parameter two values"),
        ({"reference_point": {"area_mm2": 1.0}}, r"reference_point\.area_mm2: .* is no objective"),
        ({"constraints": ["area_mm2 <= 1", "area_mm2 >= 2"]}, "exclude each other"),
        ({"network": "package.module:build"}, "a study runs no code"),
        ({"network": "nowhere.tosa"}, "network nowhere.tosa: cannot read"),
        ({"network": []}, "name at least one"),
        ({"seeds": [1, 1]}, "seeds are distinct"),
    ],
)
def test_a_study_that_cannot_be_searched_is_refused_in_one_message(changes, words, tmp_path):
    with pytest.raises(BadInput, match=words):
        chipsmith.search(study(**changes), out=tmp_path / "refused")
    assert not (tmp_path / "refused").exists()


def search_file(folder, **changes):
    """Search by a study's file, which is STUDY with other texts of keys."""
    fields = {**STUDY, "trials": 2, "seeds": [0]}
    text = yaml.safe_dump({key: value for key, value in fields.items() if key not in changes})
    text += "".join(f"{key}: {value}\n" for key, value in changes.items())
    (folder / "mine.yaml").write_text(text)
    return chipsmith.search(folder / "mine.yaml", out=folder / "out")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seeds": "0"}, r"seeds = 0 is not allowed: give a list, each a whole number from 0 .*, as \[0, 1, 2\]"),
        ({"seeds": "[true]"}, r"mine\.yaml: line \d+: seeds\.0 = true is not allowed: give a whole number"),
        ({"seeds": "[1.0]"}, r"seeds\.0 = 1\.0 is not allowed: give a whole number"),
        ({"seeds": "[-1]"}, r"seeds\.0 = -1 is not allowed: give a whole number from 0"),
        ({"seeds": "[5000000000]"}, r"seeds\.0 = 5000000000 is not allowed: .* below 4,294,967,296"),
        ({"seeds": "[]"}, r"seeds = \[\] is not allowed: name at least one"),
        ({"trials": "true"}, "trials = true is not allowed: give a whole number from 1 to 100,000"),
        ({"trials": "2.0"}, r"trials = 2\.0 is not allowed: give a whole number"),
        ({"trials": "'2'"}, "trials = '2' is not allowed: give a whole number"),
        ({"trials": ""}, r"mine\.yaml: line \d+: trials is empty: give a whole number"),
        (
            {"objectives": "[energy_j]"},
            r"objectives = \['energy_j'\] .* as \{energy_j: minimise, latency_s: minimise\}",
        ),
        ({"objectives": "{energy_j: minimize}"}, r"objectives\.energy_j = 'minimize' .* did you mean minimise"),
        ({"objectives": "{1: minimise}"}, r"objectives\.1 is not a name"),
        ({"network": "{file: 3}"}, r"mine\.yaml: line \d+: network\.file = 3 is not allowed: give a text \(a \.tosa"),
        ({"network": "3"}, r"network = 3 is not allowed: a network is a file's name, as digits\.tosa"),
        ({"network": "[a.tosa, 3]"}, r"a network is a file's name"),
        (
            {"network": "digits.pt"},
            r"network digits\.pt: it is no run folder, and no file of these: \.tosa, \.onnx, \.tflite",
        ),
        ({"network": "{file: a.tosa, weight: '2'}"}, r"network\.weight = '2' is not allowed: give a number"),
        ({"network": f"{'a' * 5000}.tosa"}, "File name too long"),
        ({"network": r'"a\0b.tosa"'}, "No such file"),
        (
            {"reference_point": "{energy_j: 1e-320}"},
            r"reference_point\.energy_j = 1e-320 .* number from 1e-60 to 1e\+60",
        ),
        ({"reference_point": "{energy_j: .nan}"}, r"reference_point\.energy_j = nan is not allowed: give a number"),
        (
            {"reference_point": "{energy_j: '1e-5'}"},
            r"reference_point\.energy_j = '1e-5' is not allowed: give a number",
        ),
        ({"reference_point": "{energy_j: true}"}, r"reference_point\.energy_j = true is not allowed: give a number"),
        ({"weights": "{energy_j: .inf}"}, r"weights\.energy_j = inf is not allowed: give a number"),
        ({"weights": "{energy_j: 0}"}, r"weights\.energy_j = 0 is not allowed: give a number from 1e-60"),
        ({"weights": "{energy_j: 1e308, latency_s: 1e308}"}, "has 2 faults"),
        ({"constraints": "[3]"}, r"constraints\.0 = 3 is not allowed: give a text"),
        ({"constraints": "[area_mm2 <= 1, area_mm2 <= 2]"}, "bound the same side of a figure: keep one"),
        ({"constraints": "[area_mm2 <= 1]\nconstraints: []"}, r"mine\.yaml, line \d+: constraints is given twice"),
        ({"3": "4"}, "3 is not a field"),
    ],
)
def test_a_file_with_a_wrong_key_or_value_is_refused_in_the_words_of_its_user(changes, words, tmp_path):
    with pytest.raises(BadInput, match=words):
        search_file(tmp_path, **changes)
    assert not (tmp_path / "out").exists()


def test_a_number_without_a_point_is_a_number(tmp_path):
    searched = search_file(tmp_path, reference_point="{energy_j: 1e-5, latency_s: 1E-3}", weights="{energy_j: 2e0}")
    assert searched.to_json()["reference_point"] == {"energy_j": 1e-5, "latency_s": 1e-3}


def test_a_study_without_a_winner_takes_away_what_an_earlier_one_left(tmp_path, capsys):
    file, out = tmp_path / "study.yaml", tmp_path / "out"
    for constraint, lasting in (("area_mm2 <= 0.9", True), ("area_mm2 <= 0.1", False)):
        file.write_text(yaml.safe_dump({**STUDY, "trials": 4, "seeds": [0], "constraints": [constraint]}))
        with pytest.raises(SystemExit):
            cli.main(["search", str(file), "--out", str(out), "--resume"])
        assert (out / "chip.yaml").exists() == (out / "chips").exists() == lasting
        assert ("chip.yaml is the winner, chips/ the front" in capsys.readouterr().out) == lasting


@pytest.mark.parametrize("name", ["chip.yaml", "result.json", "chips/front-7.yaml", "chips", "files.json"])
def test_what_no_search_wrote_is_not_overwritten(name, tmp_path):
    out = tmp_path / "out"
    (out / name).parent.mkdir(parents=True)
    (out / name).write_text("mine")
    with pytest.raises(BadInput, match=f"{name}.* name another folder with --out"):
        chipsmith.search(study(trials=2, seeds=[0]), out=out)
    assert [path.name for path in out.rglob("*") if path.is_file()] == [(out / name).name]
    assert (out / name).read_text() == "mine"


def test_a_chip_that_was_changed_after_a_search_is_not_overwritten(tmp_path):
    out = chipsmith.search(study(trials=2, seeds=[0]), out=tmp_path / "out").folder
    mine, other = (out / "chip.yaml").read_text() + "# mine", out / "chips" / "front-mine.yaml"
    (out / "chip.yaml").write_text(mine)
    other.write_text("mine too")
    with pytest.raises(BadInput, match=r"chip\.yaml is not as a search wrote it"):
        chipsmith.search(study(trials=3, seeds=[0]), resume=True, out=out)
    assert (out / "chip.yaml").read_text() == mine
    (out / "chip.yaml").unlink()
    chipsmith.search(study(trials=3, seeds=[0]), resume=True, out=out)
    assert (out / "chip.yaml").exists()
    assert other.read_text() == "mine too"


def test_the_command_prints_the_object_or_the_table(tmp_path, capsys):
    file = tmp_path / "small.yaml"
    file.write_text(yaml.safe_dump({**STUDY, "trials": 4, "seeds": [0]}))
    with pytest.raises(SystemExit) as exit:
        cli.main(["search", str(file), "--out", str(tmp_path / "run"), "--html", str(tmp_path / "page.html")])
    assert not exit.value.code
    assert "324 combinations, 88.9 % of them legal" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        cli.main(["search", str(file), "--out", str(tmp_path / "run"), "--resume", "--json"])
    assert json.loads(capsys.readouterr().out)["study"] == "small"
    page = (tmp_path / "page.html").read_text()
    assert "Why this design won" in page
    assert "schema_version: 1" in page


def start(file, out):
    command = [sys.executable, "-m", "chipsmith.cli", "search", str(file), "--out", str(out), "--resume", "--json"]
    return subprocess.Popen([*command, "--workers", "2"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def kill_after_more_pairs(file, out):
    """Kill a search as soon as it has written down more pairs than there were."""
    journal = out / "pairs.journal"
    before = journal.stat().st_size if journal.exists() else 0
    process = start(file, out)
    while process.poll() is None and (journal.stat().st_size if journal.exists() else 0) <= before:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_a_search_that_is_killed_ends_with_the_same_pairs(whole, tmp_path):
    file, out = tmp_path / "study.yaml", tmp_path / "killed"
    file.write_text(yaml.safe_dump(STUDY))
    for _ in range(3):
        kill_after_more_pairs(file, out)
    process = start(file, out)
    fields = json.loads(process.communicate()[0])
    expected = json.loads((whole.folder / "result.json").read_text())
    assert fields["front"] == expected["front"]
    assert fields["trials"] == expected["trials"]
    assert pairs(out) == pairs(whole.folder)


def pairs(folder):
    return {pair["pair"] for pair in journal_lines(folder)}


def outcome_seconds(folder):
    return [pair["cpu_s"] for pair in journal_lines(folder)]


def journal_lines(folder):
    return [json.loads(line) for line in (folder / "pairs.journal").read_text().splitlines()]


INTERRUPTIBLE = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has its background jobs ignore it
from chipsmith.start import main
main()
"""


@pytest.mark.parametrize(
    ("moment", "number", "code"),
    [
        ("starting", signal.SIGINT, 130),
        ("working", signal.SIGINT, 130),
        ("working", signal.SIGKILL, -signal.SIGKILL),
    ],
)
def test_an_end_of_any_kind_leaves_no_worker_and_no_traceback(moment, number, code, tmp_path):
    file, out = tmp_path / "study.yaml", tmp_path / "ended"
    file.write_text(yaml.safe_dump({**STUDY, "trials": 200}))
    command = [sys.executable, "-c", INTERRUPTIBLE, "search", str(file), "--out", str(out), "--workers", "2"]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True, text=True
    ) as process:
        children = wait_for(lambda: psutil.Process(process.pid).children(recursive=True))
        if moment == "working":
            wait_for(lambda: (out / "pairs.journal").exists())
            children = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, number)  # as a terminal does
        said = process.communicate()[1]
    assert process.returncode == code
    assert "Traceback" not in said
    assert said.endswith("chipsmith: interrupted\n") == (number == signal.SIGINT)
    assert psutil.wait_procs(children, timeout=10)[1] == []


def wait_for(condition):
    while not (answer := condition()):
        time.sleep(0.01)
    return answer
