"""A search as others see it while it runs: each sampler and seed is an Optuna study in a storage of the user's.

The storage is a copy, and no trial is read from it: what a search knows stands in its folder (docs/decisions/0025).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.studies.search.parameters import ParameterSpace, SearchParameter
from chipsmith.studies.search.samplers import quiet_optuna
from chipsmith.studies.search.study_file import Direction, SamplerKind
from chipsmith.studies.search.trials import DesignTrial, Goal

_GRACE_S = 3
"""A lock of a journal file that is older was left by a process that was killed: a trial is written in milliseconds."""

Follow = Callable[[Sequence[DesignTrial]], None]
"""Takes the trials of one sampler and seed, batch after batch, in order."""


class StudyMirror:
    """The studies of a search in one storage: "NAME/tpe/0" has the trials of `tpe` with seed 0, in their order.

    Trials that stand there from an earlier call are compared with those that are made again, and kept.
    """

    def __init__(self, storage: Any, shown: str, *, name: str) -> None:
        self._storage, self._shown, self._name = storage, shown, name

    def follow(self, kind: SamplerKind, seed: int, *, space: ParameterSpace, goal: Goal) -> Follow:
        """Open, or make, the study of a sampler and a seed, and give what adds trials to it.

        Both raise BadInput: where the study is of another search, and where the storage fails.
        """
        name = f"{self._name}/{kind}/{seed}"
        with self._telling_failure():
            study = self._open(name, goal)
            known = study.get_trials(deepcopy=False)
        form = _TrialForm(space, goal)
        return lambda trials: self._add(study, known, form, trials)

    def _open(self, name: str, goal: Goal) -> Any:
        import optuna

        metrics = [str(figure) for figure in goal.directions]
        ways = ["minimize" if way is Direction.MINIMISE else "maximize" for way in goal.directions.values()]
        study = optuna.create_study(
            study_name=name, storage=self._storage, directions=ways, load_if_exists=True, sampler=_no_sampler()
        )
        if not study.get_trials(deepcopy=False) and study.metric_names is None:
            study.set_metric_names(metrics)
        same_ways = [way.name.lower() for way in study.directions] == ways
        if not same_ways or study.metric_names != metrics:
            raise self._foreign(name, "has other objectives")
        return study

    def _add(self, study: Any, known: Sequence[Any], form: _TrialForm, trials: Sequence[DesignTrial]) -> None:
        with self._telling_failure():
            for trial in trials:
                copied = form.fill(trial)
                if trial.number >= len(known):
                    study.add_trial(copied)
                elif _content(known[trial.number]) != _content(copied):
                    raise self._foreign(study.study_name, f"has another trial {trial.number}")

    def _foreign(self, study: str, what: str) -> BadInput:
        return BadInput(
            f"the study {study} in {self._shown} {what}: it is of another search; name another --storage, or remove it "
            f"by `optuna delete-study --storage {self._shown} --study-name {study}`"
        )

    @contextmanager
    def _telling_failure(self) -> Iterator[None]:
        """Optuna's warnings are left out, and what a storage raises is one message."""
        try:
            with quiet_optuna():
                yield
        except _failures() as error:
            raise BadInput(
                f"the storage {self._shown} takes no trials: {_first_line(error)}; mend it and go on with --resume, or "
                "leave --storage out"
            ) from error


class _TrialForm:
    """How the trials of a space and a goal are written."""

    def __init__(self, space: ParameterSpace, goal: Goal) -> None:
        self._goal = goal
        self._distributions = {parameter.name: _distribution(parameter) for parameter in space.varied}

    def fill(self, trial: DesignTrial) -> Any:
        """The trial as Optuna has it: one on which a network does not fit has failed, with the reason."""
        from optuna.trial import TrialState, create_trial

        fields = {
            "params": {name: trial.values[name] for name in self._distributions},
            "distributions": self._distributions,
        }
        if trial.figures is None:
            return create_trial(state=TrialState.FAIL, user_attrs={"reason": trial.outcome.reason}, **fields)
        excesses = self._goal.excesses(trial.figures)
        return create_trial(
            values=[trial.figures[figure] for figure in self._goal.directions],
            constraints={str(each): excess for each, excess in zip(self._goal.constraints, excesses, strict=True)},
            user_attrs={str(figure): value for figure, value in trial.figures.items()},
            **fields,
        )


@contextmanager
def open_mirror(storage: str, *, name: str) -> Iterator[StudyMirror]:
    """The mirror of a search in a storage: the URL of a database, as sqlite:///trials.db, or a journal file.

    Raises BadInput where it cannot be opened.
    """
    require_package("optuna", extra="search", task="write trials to a storage")
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    shown = _without_password(storage)
    try:
        with quiet_optuna():
            opened = _open_database(storage) if "://" in storage else _open_journal(Path(storage))
    except _failures() as error:
        raise BadInput(
            f"cannot open the storage {shown}: {_first_line(error)}; name a database as "
            "postgresql+psycopg://USER@HOST/NAME or sqlite:///FILE, or a journal file of Optuna's that is new or whole"
        ) from error
    try:
        yield StudyMirror(opened, shown, name=name)
    finally:
        if "://" in storage:
            opened.remove_session()
            opened.engine.dispose()


def _open_database(url: str) -> Any:
    from optuna.storages import RDBStorage

    return RDBStorage(url)


def _open_journal(path: Path) -> Any:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock

    lock = JournalFileSymlinkLock(str(path), grace_period=_GRACE_S)
    lock.acquire()
    try:
        _cut_torn_line(path)
    finally:
        lock.release()
    return JournalStorage(JournalFileBackend(str(path), lock_obj=lock))


def _cut_torn_line(path: Path) -> None:
    """A line that a machine that went down left without its end would stand in the way of all that follow."""
    if path.exists():
        contents = path.read_bytes()
        whole = contents.rfind(b"\n") + 1
        if whole < len(contents) and contents.startswith(b'{"op_code"'):
            os.truncate(path, whole)


def _distribution(parameter: SearchParameter) -> Any:
    """The range of a parameter's numbers, or its words."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if not parameter.ordered:
        return CategoricalDistribution(parameter.values)
    kind = IntDistribution if all(isinstance(value, int) for value in parameter.values) else FloatDistribution
    return kind(parameter.values[0], parameter.values[-1])


def _content(trial: Any) -> object:
    """What two trials have alike that are the same."""
    return (trial.state, trial.params, trial.values, trial.constraints, trial.user_attrs)


def _no_sampler() -> Any:
    """Nothing is asked of it; Optuna's default one would be made, and takes longer."""
    from optuna.samplers import RandomSampler

    return RandomSampler()


def _failures() -> tuple[type[Exception], ...]:
    """What Optuna and SQLAlchemy raise of a storage that is missing, damaged, of another version, or gone."""
    from optuna.exceptions import OptunaError
    from sqlalchemy.exc import SQLAlchemyError

    return (OptunaError, SQLAlchemyError, ImportError, OSError, RuntimeError, ValueError, KeyError, TypeError)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _without_password(storage: str) -> str:
    """How messages name a storage."""
    if "://" not in storage:
        return storage
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return str(make_url(storage).render_as_string(hide_password=True))
    except (ArgumentError, ValueError):
        return f"{storage.partition('://')[0]}://..."
