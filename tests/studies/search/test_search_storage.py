"""Trials in an Optuna storage, as its dashboard and tools read them."""

from __future__ import annotations

from dataclasses import dataclass

import optuna
import pytest
from postgres import missing_postgres, serving_postgres
from toy_scores import toy_score

from chipsmith.errors import BadInput
from chipsmith.studies.search.chip_space import parse_space
from chipsmith.studies.search.figures import PairFigure, parse_constraint
from chipsmith.studies.search.pairs import PairBook, PairOutcome, StudiedNetwork
from chipsmith.studies.search.storage import open_mirror
from chipsmith.studies.search.study_file import Direction, SamplerKind
from chipsmith.studies.search.trials import Goal, run_sampler

SPACE = parse_space(
    {"base": "edge-256", "tensor.rows": [4, 8, 16, 32], "memory.groups": {"from": 2, "to": 9}, "vector.lanes": [8, 16]}
)


class Formulas:
    """Scores by formula; two groups hold nothing."""

    networks = (StudiedNetwork(name="formula", graph=None),)

    def score(self, design):
        chip = design.chip
        if chip.memory.groups == 2:
            return PairOutcome(scores=(), reason="formula: does not fit")
        score = toy_score(latency_s=1 / chip.macs, energy_j=chip.macs / 3, area_mm2=chip.memory.groups / 7)
        return PairOutcome(scores=(score,))


def goal(*constraints):
    directions = {PairFigure.ENERGY_J: Direction.MINIMISE, PairFigure.MAX_CLOCK_MHZ: Direction.MAXIMISE}
    return Goal(
        directions=directions,
        reference=dict.fromkeys(directions, 10.0),
        constraints=tuple(map(parse_constraint, constraints)),
        weights={},
    )


def search(storage, *, trials, target=None, name="essay"):
    """The trials of a sampler, which are copied to a storage."""
    target = target or goal("area_mm2 <= 0.6")
    book = PairBook(SPACE, Formulas(), workers=1, journal=None)
    with open_mirror(storage, name=name) as mirror:
        follow = mirror.follow(SamplerKind.TPE, 0, space=SPACE, goal=target)
        return run_sampler(SamplerKind.TPE, SPACE, book, target, seed=0, trials=trials, on_batch=follow)


@pytest.fixture(scope="module")
def postgres():
    with serving_postgres() as url:
        yield url


@pytest.fixture(
    params=[
        "journal",
        "sqlite",
        pytest.param("postgres", marks=pytest.mark.skipif(bool(missing_postgres()), reason=missing_postgres())),
    ]
)
def storage(request, tmp_path):
    match request.param:
        case "journal":
            return str(tmp_path / "trials.log")
        case "sqlite":
            return f"sqlite:///{tmp_path / 'trials.db'}"
        case _:
            return request.getfixturevalue("postgres")


@dataclass(frozen=True, kw_only=True)
class ReadStudy:
    """What Optuna's own tools read of a study."""

    trials: list[optuna.trial.FrozenTrial]
    best: list[int]
    metric_names: list[str]
    directions: list[str]


def read(storage):
    """The study of the trials in a storage."""
    if "://" in storage:
        opened = optuna.storages.RDBStorage(storage)
    else:
        opened = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(storage))
    study = optuna.load_study(study_name="essay/tpe/0", storage=opened)
    contents = ReadStudy(
        trials=study.trials,
        best=[trial.number for trial in study.best_trials],
        metric_names=study.metric_names,
        directions=[way.name for way in study.directions],
    )
    if "://" in storage:
        opened.remove_session()
        opened.engine.dispose()
    return contents


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_a_storage_has_every_trial_once_and_the_search_goes_on_in_it(storage):
    trials = search(storage, trials=10)
    before = read(storage)
    assert before.metric_names == ["energy_j", "max_clock_mhz"]
    assert before.directions == ["MINIMIZE", "MAXIMIZE"]
    longer = search(storage, trials=22)
    study = read(storage)
    assert longer[:10] == trials
    assert [trial.datetime_start for trial in study.trials[:10]] == [trial.datetime_start for trial in before.trials]
    assert len(study.trials) == 22
    for mine, copied in zip(longer, study.trials, strict=True):
        assert copied.params == {key: mine.values[key] for key in ("tensor.rows", "memory.groups", "vector.lanes")}
        if mine.figures is None:
            assert copied.state is optuna.trial.TrialState.FAIL
            assert copied.user_attrs == {"reason": "formula: does not fit"}
        else:
            assert copied.values == [mine.figures["energy_j"], mine.figures["max_clock_mhz"]]
            assert copied.user_attrs == mine.figures
            assert (copied.constraints["area_mm2 <= 0.6"] <= 0) == (mine.figures["area_mm2"] <= 0.6)
    assert {trial.state.name for trial in study.trials} == {"COMPLETE", "FAIL"}
    assert study.best
    assert all(longer[number].figures["area_mm2"] <= 0.6 for number in study.best)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (goal("area_mm2 <= 0.9"), r"study essay/tpe/0 in .* has another trial \d+: .* `optuna delete-study --storage"),
        (
            Goal(directions={PairFigure.ENERGY_J: Direction.MINIMISE}, reference={}, constraints=(), weights={}),
            "has other objectives: it is of another search; name another --storage",
        ),
    ],
)
def test_the_study_of_another_search_is_refused_and_left(target, words, tmp_path):
    storage = f"sqlite:///{tmp_path / 'trials.db'}"
    search(storage, trials=8)
    with pytest.raises(BadInput, match=words):
        search(storage, trials=12, target=target)
    assert len(read(storage).trials) == 8


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_a_journal_that_lost_the_end_of_its_last_line_goes_on(tmp_path):
    path = tmp_path / "trials.log"
    search(str(path), trials=8)
    path.write_bytes(path.read_bytes()[:-40])
    search(str(path), trials=8)
    assert [trial.number for trial in read(str(path)).trials] == list(range(8))


@pytest.mark.parametrize(
    ("storage", "words"),
    [
        (
            "postgresql+psycopg://me:secret@127.0.0.1:9/none",
            r"postgresql\+psycopg://me:\*\*\*@127.0.0.1:9/none: ",
        ),
        ("nonsense://me:secret@host/none", r"nonsense://me:\*\*\*@host/none: .*; name a database as postgresql"),
        ("sqlite:///nowhere/trials.db", "cannot open the storage sqlite:///nowhere/trials.db: .*unable to open"),
        ("nowhere/trials.log", "cannot open the storage nowhere/trials.log: .*No such file"),
        ("pyproject.toml", "cannot open the storage pyproject.toml: .*a journal file of Optuna's that is new or whole"),
    ],
)
def test_a_storage_that_cannot_be_opened_is_refused_without_its_password(storage, words):
    with pytest.raises(BadInput, match=words) as refusal:
        search(storage, trials=4)
    assert "secret" not in str(refusal.value)
