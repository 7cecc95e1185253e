"""`search --export`: what it writes and refuses; a tiny chip's RTL and verify.sh in the slow part."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import chipsmith
from chipsmith import cli
from chipsmith.errors import BadInput
from chipsmith.learn import load_recipe, load_trained
from chipsmith.studies.search.design_space import network_values
from chipsmith.studies.search.study_file import parse_study

DIGITS = str(Path("tests/networks/digits_cnn.tosa").absolute())
FIELDS = {
    "network": [{"file": DIGITS}, {"file": DIGITS, "weight": 2}],
    "space": {"chip": {"base": "nano-64", "tensor.rows": [4, 8], "memory.groups": [5, 6], "clock_mhz": "max"}},
    "objectives": {"energy_j": "minimise", "latency_s": "minimise"},
    "trials": 4,
    "seeds": [0],
    "verify": "none",
}


def study(**changes):
    return parse_study({**FIELDS, **changes}, origin="test")


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A finished search, and the design that it handed over."""
    folder = tmp_path_factory.mktemp("export")
    result = chipsmith.search(study(), out=folder / "search", export=("winner", folder / "design"))
    return result, folder / "design"


def claims(folder):
    return json.loads((folder / "design.json").read_text())


def test_a_design_is_handed_over_with_all_its_files(searched):
    result, folder = searched
    names = {path.name for path in folder.iterdir()}
    networks = {f"digits_cnn{suffix}" for suffix in (".tosa", ".program", "_2.tosa", "_2.program")}
    assert names == networks | {"chip.yaml", "rtl", "design.json", "verify.sh", "compare.py", "README.md"}
    assert (folder / "chip.yaml").read_bytes() == (result.folder / "chip.yaml").read_bytes()
    for part in ("rtl/rtl/machine.sv", "rtl/driver/chipsmith.h", "rtl/driver/program_digits_cnn_2.c"):
        assert (folder / part).is_file(), part
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert set(claims(folder)["files"]) == files - {"design.json"}


def test_the_claims_are_what_the_verbs_say(searched):
    result, folder = searched
    said = claims(folder)
    winner, first = result.result.winner, said["networks"][0]
    (estimate,) = chipsmith.estimate(str(folder / "digits_cnn.tosa"), chips=[str(folder / "chip.yaml")])
    plain = estimate.to_json()
    assert first["cycles_cold"] == plain["latency_cycles"] == winner.outcome.scores[0].cycles
    assert (first["energy_uj"], said["chip"]["area_mm2"]) == (plain["energy_uj"], plain["area_mm2"])
    assert first["energy_uj"] == pytest.approx(1e6 * winner.outcome.scores[0].energy_j)
    assert said["searched"]["figures"]["energy_j"] == winner.figures["energy_j"]
    assert chipsmith.simulate(folder / first["program"]).warm.latency_cycles == first["cycles_warm"]
    assert first["energy_at_the_gates_pj"] > 1e6 * first["energy_uj"]  # 130 nm, and the chip's node is below
    assert said["known_by"]["core area"].startswith("estimated: ")


def test_each_command_of_the_readme_stands_in_the_script(searched):
    _, folder = searched
    readme, script = ((folder / name).read_text() for name in ("README.md", "verify.sh"))
    commands = [line.strip() for line in readme.splitlines() if line.startswith("    chipsmith ")]
    assert [command.split()[1] for command in commands] == ["estimate", "cosim"] * 2 + ["synth", "power", "power"]
    for command in commands:
        verb, file = command.split()[1:3]
        assert f"$CHIPSMITH {verb} {file}" in script
    assert "@" not in readme.replace("$@", "")
    assert "Stillmaker & Baas" in readme


def test_a_finished_search_exports_again_from_its_folder(searched, tmp_path):
    result, folder = searched
    chipsmith.search(study(), out=result.folder, resume=True, export=("front-0", tmp_path / "front"))
    assert claims(tmp_path / "front")["design"] == "front-0"
    chips = [path / name for path, name in ((tmp_path, "front/chip.yaml"), (result.folder, "chips/front-0.yaml"))]
    assert chips[0].read_bytes() == chips[1].read_bytes()
    assert folder.is_dir()


@pytest.mark.parametrize(
    ("design", "words"),
    [("best", "name winner, or front-0 and so on"), ("front-99", "no such design: it has front-0 to front-")],
)
def test_a_design_that_is_not_there_is_refused(searched, tmp_path, design, words):
    result, _ = searched
    with pytest.raises(BadInput, match=words):
        chipsmith.search(study(), out=result.folder, resume=True, export=(design, tmp_path / "none"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_left_alone(searched, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(BadInput, match="it holds something already: name a new or an empty folder"):
        chipsmith.search(study(), out=tmp_path / "search", export=("winner", tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_where_there_is_no_winner_nothing_is_written(tmp_path):
    hopeless = study(constraints=["area_mm2 <= 0.01"])
    result = chipsmith.search(hopeless, out=tmp_path / "search", export=("winner", tmp_path / "design"))
    assert result.failure
    assert not (tmp_path / "design").exists()


def test_the_option_takes_a_design_and_a_folder(searched, tmp_path, capsys):
    result, _ = searched
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump(FIELDS))
    words = ["search", str(file), "--out", str(result.folder), "--resume", "--json"]
    with pytest.raises(SystemExit) as exit:
        cli.main([*words, "--export", "winner", str(tmp_path / "design")])
    assert not exit.value.code
    assert json.loads(capsys.readouterr().out)["winner"]
    assert (tmp_path / "design" / "verify.sh").is_file()
    with pytest.raises(SystemExit) as exit:
        cli.main([*words, "--export", "winner"])
    assert exit.value.code == 2
    assert "requires 2 arguments" in capsys.readouterr().err


@pytest.fixture(scope="module")
def tiny(tmp_path_factory, rtl_tools):
    """A design of one tiny chip, co-simulated during its search."""
    folder = tmp_path_factory.mktemp("tiny")
    chip = {"base": "nano-64", "tensor.rows": 4, "tensor.columns": 4, "vector.lanes": 4, "memory.groups": [5, 6]}
    fields = {"network": DIGITS, "space": {"chip": chip}, "trials": 2, "verify": "winner", "sampler": "random"}
    result = chipsmith.search(study(**fields), out=folder / "search", export=("winner", folder / "design"))
    return result, folder / "design"


def verify(folder, **environment):
    """The exit code of verify.sh and what it prints; without liberty files."""
    command = shlex.join([sys.executable, "-m", "chipsmith.cli"])
    variables = {**os.environ, "CHIPSMITH": command, "PYTHON": sys.executable, "LIBERTY": "", "SRAM": "", **environment}
    done = subprocess.run(["sh", "verify.sh"], cwd=folder, env=variables, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.slow
def test_the_winner_of_a_search_is_co_simulated_and_verified(tiny):
    result, folder = tiny
    (check,) = result.result.rtl.values()
    assert check.to_json()["cycles"] == result.result.winner.outcome.scores[0].cycles
    assert json.loads((result.folder / "result.json").read_text())["winner"]["rtl"] == check.to_json()
    code, table = verify(folder)
    assert code == 2, table  # all but the gates
    assert "BEYOND" not in table
    assert table.count("NOT RUN: name liberty files") == 6


def replaced(path, old, new):
    """Replace what stands in a file once; gives what was there, to be written back."""
    before = path.read_bytes()
    assert before.count(old) == 1
    path.write_bytes(before.replace(old, new))
    return before


@pytest.mark.slow
def test_a_changed_claim_a_flipped_byte_and_another_chip_are_caught(tiny):
    _, folder = tiny
    said, program, chip = folder / "design.json", folder / "digits_cnn.program", folder / "chip.yaml"
    before = replaced(said, b'"cycles_warm": ', b'"cycles_warm": 1')
    code, table = verify(folder)
    assert (code, "RTL, warm: cycles" in table) == (1, True)
    said.write_bytes(before)

    before = program.read_bytes()
    program.write_bytes(before[:-7] + bytes([before[-7] ^ 1]) + before[-6:])
    code, table = verify(folder)
    assert (code, "the command failed" in table) == (1, True)
    program.write_bytes(before)

    before = replaced(chip, b"vector:\n  lanes: 4", b"vector:\n  lanes: 8")
    code, table = verify(folder)
    rows = [line for line in table.splitlines() if "BEYOND" in line]
    assert code == 1
    assert {row.split("  ")[0] for row in rows} >= {"chip.yaml", "digits_cnn: chip of the estimate"}
    chip.write_bytes(before)
    assert verify(folder)[0] == 2


@pytest.fixture(scope="module")
def joint(tmp_path_factory):
    """A search of network and chip, and its winner, whose network a recipe has trained."""
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("joint")
    recipe = load_recipe("digits", ["training.epochs=2", "validation.bootstrap=100"]).model_dump(mode="json")
    (folder / "short.yaml").write_text(json.dumps(recipe))
    space = {"chip": {"base": "nano-64", "tensor.columns": [4, 8]}, "network": {"width": [0.5, 1.0]}}
    fields = {"network": {"recipe": str(folder / "short.yaml")}, "space": space, "finalists": 1, "noise_seeds": 2}
    fields["objectives"] = {"energy_j": "minimise", "accuracy": "maximise"}
    fields["reference_point"] = {"accuracy": 0.5}
    result = chipsmith.search(study(**fields), out=folder / "search", export=("winner", folder / "design"))
    return result, folder / "design", study(**fields)


@pytest.mark.slow
def test_the_network_of_a_recipe_is_judged_again_by_its_program(joint):
    result, folder, _ = joint
    (network,) = claims(folder)["networks"]
    assert network["judged"]["test"]["value"] == result.result.trained.test_accuracy
    for part, claim in network["judged"].items():
        judged = chipsmith.judge(folder / "digits.program", recipe=folder / "digits.recipe.yaml", part=part).to_json()
        assert (judged["metric_npu"], judged["examples"]) == (claim["value"], claim["examples"])
    assert "$CHIPSMITH judge digits.program --recipe digits.recipe.yaml" in (folder / "verify.sh").read_text()
    trained = load_trained(folder / "digits.safetensors")
    assert trained.training.recipe.network == load_recipe(folder / "digits.recipe.yaml").network


@pytest.mark.slow
def test_a_network_of_the_front_is_trained_in_full_before_it_is_handed_over(joint, tmp_path):
    result, _, asked = joint
    chosen = [network_values(trial.values) for trial in result.result.front]
    number = next(place for place, values in enumerate(chosen) if values != network_values(result.result.winner.values))
    before = (result.folder / "result.json").read_bytes()
    chipsmith.search(asked, out=result.folder, resume=True, export=(f"front-{number}", tmp_path / "front"))
    assert json.loads((result.folder / "result.json").read_bytes())["finalists"] == json.loads(before)["finalists"]
    (network,) = claims(tmp_path / "front")["networks"]
    recipe = load_trained(tmp_path / "front" / "digits.safetensors").training.recipe
    assert recipe.network == load_recipe(tmp_path / "front" / "digits.recipe.yaml").network
    assert recipe.seed == result.result.trained.elastic.recipe.seed
    for part, claim in network["judged"].items():
        program = tmp_path / "front" / "digits.program"
        judged = chipsmith.judge(program, recipe=tmp_path / "front" / "digits.recipe.yaml", part=part).to_json()
        assert (judged["metric_npu"], judged["examples"]) == (claim["value"], claim["examples"])


@pytest.mark.slow
def test_a_finalist_of_the_front_is_not_trained_again(joint, tmp_path, monkeypatch):
    result, _, asked = joint
    (finalist,) = result.result.trained.finals.finalists
    chosen = [network_values(trial.values) for trial in result.result.front]
    export = (f"front-{chosen.index(finalist.values)}", tmp_path / "front")

    def refuse(*arguments, **options):
        raise AssertionError("it is trained")

    monkeypatch.setattr("chipsmith.studies.search.trainings.train", refuse)
    chipsmith.search(asked, out=result.folder, resume=True, export=export)
    assert claims(tmp_path / "front")["design"] == export[0]
