"""Network and chip searched together, on a task of seconds: what is scored, what is trained, what is chosen."""

from __future__ import annotations

import json
from statistics import mean, stdev

import pytest
from toy_task import STUDY, toy_network, toy_study

from chipsmith.chip import load_chip
from chipsmith.console.search import present_search
from chipsmith.errors import BadInput
from chipsmith.flow.search import Searched
from chipsmith.learn.progress import SILENT
from chipsmith.learn.trained_file import load_trained
from chipsmith.reports.search import render_search
from chipsmith.reports.search_text import change_sentences
from chipsmith.studies.journal import SearchJournal
from chipsmith.studies.oracle import Oracle, Temperature
from chipsmith.studies.search.accuracy import int8_accuracy
from chipsmith.studies.search.hand_over import WINNER
from chipsmith.studies.search.pairs import DesignPoint, NetworkChoice, Scorer, StudiedNetwork
from chipsmith.studies.search.search import Search
from chipsmith.tosa.file import read_tosa


def run(folder, *, workers=1, network=None, **changes):
    return run_study(folder, toy_study(**changes), [network or toy_network()], workers=workers)


def run_study(folder, study, networks, *, workers=1):
    folder.mkdir(exist_ok=True)
    journal = SearchJournal(folder / "pairs.journal")
    search = Search(study, networks, name="toy")
    return search.run(folder, workers=workers, scheduler="", journal=journal, mirror=None, progress=SILENT)


def findings(result):
    """What was found, without the time that it took."""
    fields = result.to_json()
    slow = ("cpu_hours", "full_training_cpu_hours", "supernet", "trainings")
    return {name: value for name, value in fields.items() if name not in slow}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("joint") / "whole"


@pytest.fixture(scope="module")
def result(folder):
    return run(folder)


def test_the_space_joins_chip_and_network(result):
    space = result.space
    assert [each.name for each in space.parameters] == ["tensor.columns", "network.width", "network.depth"]
    assert result.size.combinations == 12
    values = {"tensor.columns": 16, "network.width": 0.5, "network.depth": 1}
    assert space.chip(values).tensor.columns == 16
    assert {name for name, _ in space.steps(values)} == {each.name for each in space.parameters}
    assert space.to_plain()["network.depth"] == [1, 2]


def test_a_pair_has_the_figures_of_its_own_chip_and_its_own_network(folder, result):
    seen = set()
    for trial in result.designs:
        key = f"networks/toy-width_{trial.values['network.width']}-depth_{trial.values['network.depth']}"
        seen.add(key)
        score = Oracle(read_tosa(folder / key / "network.tosa")).score(result.space.chip(trial.values))
        assert trial.outcome.scores == (score,)
        assert trial.figures["accuracy"] == json.loads((folder / key / "judged.json").read_text())["accuracy"]
    assert len(seen) > 2
    assert len({trial.figures["energy_j"] for trial in result.designs}) > 4


def test_the_winner_is_chosen_by_full_trainings_and_handed_over(folder, result):
    finals, winner = result.trained.finals, result.winner
    finalist = finals.finalist(winner.values)
    assert winner.figures["accuracy"] == finalist.mean == mean(finalist.by_seed.values())
    assert finalist.std == pytest.approx(stdev(finalist.by_seed.values()))
    handed = load_trained(folder / "winner" / "toy.safetensors")
    assert handed.training.recipe.seed == 0
    network = toy_network()
    graph, metric = int8_accuracy(handed.module, network.recipe, network.dataset, network.dataset.validation)
    assert metric.value == finalist.by_seed[0]
    score = Oracle(read_tosa(folder / "winner" / "toy.tosa")).score(result.space.chip(winner.values))
    assert winner.outcome.scores == (score,), "weights change neither time nor energy"
    assert graph.graph.name == read_tosa(folder / "winner" / "toy.tosa").name


def test_the_test_part_judges_the_winner_alone(result):
    network = toy_network()
    winner = result.trained.finals.finalist(result.winner.values)
    assert 0 <= result.trained.test_accuracy <= 1
    assert result.to_json()["test_accuracy"] == result.trained.test_accuracy
    assert len(network.dataset.test) * result.trained.test_accuracy == pytest.approx(
        round(len(network.dataset.test) * result.trained.test_accuracy)
    )
    assert winner.by_seed.keys() == {0, 1}


def test_the_object_says_what_each_design_is(folder, result):
    fields = result.to_json()
    assert fields["supernet"]["epochs"] == 12, "twice the recipe's"
    assert fields["supernet"]["cpu_hours"] > 0
    assert len(fields["finalists"]) == 2
    for design in fields["front"]:
        (network,) = design["network"]
        assert set(network["values"]) == {"width", "depth"}
        assert len(network["settings"]["channels"]) == network["values"]["depth"]
        assert network["accuracy"]["supernet"] == design["objectives"]["accuracy"]
        assert set(design["chip"]["values"]) == {"tensor.columns"}
        assert set(design["values"]) == {"tensor.columns", "network.width", "network.depth"}
        assert "trained" not in network
    assert fields["winner"]["values"] == result.winner.values
    (network,) = fields["winner"]["network"]
    assert network["trained"] == "toy.tosa"
    assert (folder / WINNER / network["trained"]).is_file()
    assert (folder / network["file"]).is_file()
    assert network["accuracy"]["full"] == fields["winner"]["objectives"]["accuracy"]


def test_text_and_page_say_which_accuracies_are_the_supernets(result, folder, capsys):
    present_search(Searched(result=result, folder=folder)).print_verbose()
    words, page = " ".join(capsys.readouterr().out.split()), render_search(result)
    assert "the front's accuracies are those of the supernet" in words
    (sentence,) = change_sentences(result)
    assert "a change may look better" in sentence
    assert "a change may look better" in words
    assert sentence in page


def test_a_search_that_goes_on_trains_nothing_again(folder, result, monkeypatch):
    def refuse(*args, **options):
        raise AssertionError("it is trained")

    for module in ("network_shelf.train_supernet", "trainings.train"):
        monkeypatch.setattr(f"chipsmith.studies.search.{module}", refuse)
    assert findings(run(folder)) == findings(result)


@pytest.mark.parametrize("networks", [2, 6])
def test_a_search_that_is_interrupted_ends_as_one_that_was_not(networks, result, tmp_path, monkeypatch):
    """It stops while it judges a network of a trial, and while it judges a finalist."""
    judged = []

    def stop(*arguments, **options):
        judged.append(arguments)
        if len(judged) > networks:
            raise KeyboardInterrupt
        return int8_accuracy(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr("chipsmith.studies.search.network_shelf.int8_accuracy", stop)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "cut")
    assert len(list((tmp_path / "cut").rglob("judged.json"))) == networks
    assert findings(run(tmp_path / "cut")) == findings(result)


def test_the_number_of_workers_changes_nothing(result, tmp_path):
    assert findings(run(tmp_path / "two", workers=2)) == findings(result)


def test_a_chip_alone_may_stay_as_it_is(tmp_path):
    space = {"chip": {"base": "nano-64"}, "network": STUDY["space"]["network"]}
    result = run(tmp_path / "networks", space=space)
    assert result.size.combinations == 4
    assert result.space.chip(result.winner.values) == load_chip("nano-64")
    assert {change.parameter for change in result.changes} == {"network.width", "network.depth"}


def test_a_network_alone_may_stay_as_it_is_and_still_has_an_accuracy(tmp_path):
    space = {"chip": STUDY["space"]["chip"]}
    result = run(tmp_path / "chips", space=space, network=toy_network(None))
    assert result.trained.finals is None
    assert {trial.figures["accuracy"] for trial in result.designs} == {result.winner.figures["accuracy"]}
    assert (tmp_path / "chips" / "winner" / "toy.tosa").exists()
    fields = result.to_json()
    assert fields["supernet"] is None
    assert fields["trainings"]["toy"]["epochs"] == 6
    assert (fields["finalists"], fields["noise"], fields["gains_of_winner"]) == ([], None, [])
    assert fields["full_training_cpu_hours"] is None
    assert [entry["trained"] for entry in fields["winner"]["network"]] == ["toy.tosa"]


def test_several_recipes_are_weighed(tmp_path):
    heavy, light = toy_network(None, weight=3.0), toy_network(None, name="other", channels=3, epochs=1)
    study = toy_study(space={"chip": STUDY["space"]["chip"]}, trials=2)
    result = run_study(tmp_path / "two", study, [heavy, light])
    first, second = (
        json.loads((tmp_path / "two" / "networks" / name / "judged.json").read_text()) for name in ("toy", "other")
    )
    winner = result.winner
    assert winner.figures["accuracy"] == pytest.approx((3 * first["accuracy"] + second["accuracy"]) / 4)
    assert winner.figures["energy_j"] == pytest.approx(
        3 * winner.outcome.scores[0].energy_j + winner.outcome.scores[1].energy_j
    )
    assert {file.name for file in (tmp_path / "two" / "winner").glob("*.tosa")} == {"toy.tosa", "other.tosa"}


def test_a_process_keeps_few_networks_and_scores_alike(folder, result, monkeypatch):
    monkeypatch.setattr("chipsmith.studies.search.pairs._MOST_ORACLES", 1)
    graph = read_tosa(folder / "networks" / "toy-width_1.0-depth_2" / "network.tosa")
    network = StudiedNetwork(name="toy", graph=graph)
    scorer = Scorer(networks=(network,), temperature=Temperature.COLD, folder=folder)
    for trial in result.designs:
        (key,) = {entry["file"].rpartition("/")[0] for entry in result.design_json(trial)["network"]}
        point = DesignPoint(chip=result.space.chip(trial.values), networks=NetworkChoice(folders=(key,)))
        assert scorer.score(point).scores == trial.outcome.scores
        assert len(scorer._oracles) == 1


def test_what_has_no_reference_point_is_measured_against_the_largest_network_on_the_base_chip(folder, tmp_path):
    search = Search(toy_study(reference_point={}), [toy_network()], name="toy")
    largest = read_tosa(folder / "networks" / "toy-width_1.0-depth_2" / "network.tosa")
    goal = search.goal(0.8)
    assert goal.reference["energy_j"] == Oracle(largest).score(load_chip("nano-64")).energy_j
    assert goal.reference["accuracy"] == 0.8
    assert goal.least_error == 0.5 / 60


def test_the_compilers_choice_is_searched_too(tmp_path):
    space = {"chip": {"base": "nano-64"}, "network": {"depth": [1, 2]}, "compiler": {"border": ["chip", "host"]}}
    result = run(tmp_path / "border", space=space, network=toy_network({"depth": [1, 2]}, channels=3))
    by_border = {}
    for trial in result.trials:
        by_border.setdefault(trial.values["network.depth"], {})[trial.values["compiler.border"]] = trial.figures
    for figures in by_border.values():
        assert figures["chip"]["accuracy"] == figures["host"]["accuracy"]
        assert figures["chip"]["cycles"] > figures["host"]["cycles"]
    assert result.winner.values["compiler.border"] == "host", "its work is not in the figures"
    assert result.to_json()["winner"]["values"]["compiler.border"] == "host"


def test_a_budget_that_full_trainings_break_leaves_no_winner_and_is_told(tmp_path, monkeypatch, capsys):
    def judge_low(*_):
        return 0.3

    monkeypatch.setattr("chipsmith.studies.search.finalists.FullTrainings.accuracy", judge_low)
    result = run(tmp_path / "broken", constraints=["accuracy >= 0.34"])
    assert result.front
    assert result.winner is None
    assert "trained in full, no design of 2 finalists is within all budgets" in result.failure
    supernet = result.trained.finals.finalist(result.nearest.values).supernet
    assert f"has accuracy = 0.3, 0.04 below 0.34 (in the supernet {supernet:.4g})" in result.failure
    fields = result.to_json()
    assert fields["nearest_miss"]["objectives"]["accuracy"] == 0.3
    assert fields["test_accuracy"] is None
    (accuracy,) = fields["binding"]
    assert accuracy["binds"]
    assert accuracy["kept_by"] > 0
    present_search(Searched(result=result, folder=tmp_path / "broken")).print_text()
    words = " ".join(capsys.readouterr().out.split())
    assert "(chips/ the front, pairs.journal every pair)" in words
    assert "the front's accuracies are those of the supernet" in words
    assert not (tmp_path / "broken" / "winner" / "toy.tosa").exists()


def test_structures_that_the_data_are_too_small_for_are_not_legal():
    study = toy_study(space={"chip": {"base": "nano-64"}, "network": {"depth": [1, 4]}})
    search = Search(study, [toy_network({"depth": [1, 2]})], name="toy")
    assert search.size.legal_share == 1
    too_deep = toy_network({"depth": [3, 4]})
    assert too_deep.refusal({"depth": 3}) == ""
    assert "images of 16 pixels" in too_deep.refusal({"depth": 4})


def test_a_damaged_judgement_is_told(folder, result, tmp_path):
    from shutil import copytree

    copy = tmp_path / "copy"
    copytree(folder, copy)
    (copy / "pairs.journal").unlink()
    (copy / "networks" / "toy-width_1.0-depth_2" / "judged.json").write_text("{")
    with pytest.raises(BadInput, match=r"judged\.json is damaged; remove"):
        run(copy)


def test_a_damaged_graph_of_a_network_is_told(folder, result, tmp_path):
    from shutil import copytree

    copy = tmp_path / "copy"
    copytree(folder, copy)
    graph = copy / "networks" / "toy-width_1.0-depth_2" / "network.tosa"
    graph.write_bytes(graph.read_bytes()[:-1])
    with pytest.raises(BadInput, match=r"network\.tosa is damaged; remove"):
        run(copy)
