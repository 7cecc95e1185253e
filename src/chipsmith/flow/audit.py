"""An audit of a recipe's privacy: networks and shadows trained, attacked in float and on the chip, kept in a folder."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.cache import content_key, installed_versions
from chipsmith.checksums import Damaged, seal, unseal
from chipsmith.chip import Chip
from chipsmith.errors import BadInput
from chipsmith.files import make_folder, write_whole
from chipsmith.flow.records import versions
from chipsmith.flow.run import lower_trained
from chipsmith.flow.run_folder import sole_work
from chipsmith.learn import Dataset, Recipe
from chipsmith.learn.predict import predict
from chipsmith.learn.privacy.accounting import require_opacus
from chipsmith.learn.privacy.attacks import Confidences, Members, attack_network, confidences
from chipsmith.learn.privacy.audit_record import AttackFigures, AuditRecord, AuditRow, Target, figures_of
from chipsmith.learn.privacy.boundary import outside_of_promise
from chipsmith.learn.privacy.settings import PrivacySettings
from chipsmith.learn.privacy.shadows import (
    Pool,
    control_pool,
    overfitting,
    recipe_pool,
    require_shadows,
    train_shadow,
    without_privacy,
)
from chipsmith.learn.progress import Progress
from chipsmith.learn.trained import train
from chipsmith.profile.measure import describe_chip
from chipsmith.schema import Json
from chipsmith.shown import Shown
from chipsmith.targets.npu import NpuTarget

AUDIT, AUDIT_PAGE = "audit.json", "audit.html"
_WITHOUT = "none"
"""The word for no privacy where an epsilon is asked for."""
PARTS = "parts"
"""The folder of what each network answered: an audit that was interrupted goes on from it."""
_PACKAGES = ("chipsmith", "torch", "opacus", "numpy")
_AUDITED = (*_PACKAGES, "scipy", "mlxtend")

Array = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class AuditRequest:
    """What is audited: the recipe at each epsilon (None: without privacy), over seeds, by so many shadow networks."""

    epsilons: tuple[float | None, ...]
    shadows: int
    seeds: int


@dataclass(frozen=True, kw_only=True)
class Audited(Shown):
    """An audit, and the folder that it left."""

    record: AuditRecord
    folder: Path

    def _brief(self) -> str:
        record = self.record
        verdict = record.failure or "no attack obtains more than is claimed"
        return f"{record.network}: {len(record.rows)} budgets, {record.shadows} shadows; {verdict}; in {self.folder}"

    @property
    def failure(self) -> str:
        """Why the audit or the promise is not to be believed; empty where nothing speaks against them."""
        return self.record.failure

    def to_json(self) -> Json:
        """The object of `chipsmith audit --json`: that of audit.json, and the folder."""
        return {**self.record.to_json(), "host": {"folder": str(self.folder)}}


@dataclass(frozen=True, kw_only=True, eq=False)
class _AuditedRecipe:
    """A recipe at one epsilon and seed, its data, and the examples that are asked about."""

    recipe: Recipe
    data: Dataset
    pool: Pool


def parse_epsilons(words: Sequence[str], recipe: Recipe) -> tuple[float | None, ...]:
    """The epsilons of words, None for "none"; without words the recipe's own. Raises BadInput."""
    privacy = recipe.training.privacy
    return tuple(map(_parse_epsilon, words)) or (None if privacy is None else privacy.epsilon,)


def _parse_epsilon(word: str) -> float | None:
    if word == _WITHOUT:
        return None
    try:
        return PrivacySettings(epsilon=float(word)).epsilon
    except ValueError as error:
        raise BadInput(f"--epsilon {word}: an epsilon is a number above 0, such as 8, or {_WITHOUT}") from error


def audit_in(folder: Path, recipe: Recipe, chip: Chip, request: AuditRequest, *, progress: Progress) -> Audited:
    """Audit, and leave the record and its page in the folder. See `chipsmith.audit`."""
    from chipsmith.reports.audit import write_audit_page

    with sole_work(folder):
        record = audit_recipe(recipe, chip, request, folder, progress=progress)
        write_audit_page(record, folder / AUDIT_PAGE)
    return Audited(record=record, folder=folder)


def audit_recipe(recipe: Recipe, chip: Chip, request: AuditRequest, folder: Path, *, progress: Progress) -> AuditRecord:
    """Train, attack and judge; the record is left in the folder as audit.json. See `chipsmith.audit`."""
    require_opacus("audit a recipe")
    if request.seeds < 1:
        raise BadInput(f"an audit trains with 1 seed or more, not {request.seeds}")
    require_shadows(request.shadows)
    make_folder(folder / PARTS)
    work = _AuditWork(chip=chip, folder=folder / PARTS, shadows=request.shadows, progress=progress)
    data = recipe.load_data()
    control, accuracy = work.check_sight(recipe, data)
    seeds = tuple(recipe.seed + number for number in range(request.seeds))
    record = AuditRecord(
        network=recipe.name,
        chip=describe_chip(chip).name,
        examples=len(data.train),
        shadows=request.shadows,
        seeds=seeds,
        control=control,
        control_accuracy=accuracy,
        rows=tuple(work.audit(at_epsilon(recipe, epsilon), seeds) for epsilon in request.epsilons),
        outside=outside_of_promise(recipe, data),
        versions=versions(_AUDITED),
    )
    write_whole(folder / AUDIT, (json.dumps(record.to_json(), indent=1) + "\n").encode())
    return record


def at_epsilon(recipe: Recipe, epsilon: float | None) -> Recipe:
    """The recipe with another epsilon, all else alike."""
    if epsilon is None:
        return without_privacy(recipe)
    privacy = (recipe.training.privacy or PrivacySettings(epsilon=epsilon)).model_copy(update={"epsilon": epsilon})
    return recipe.model_copy(update={"training": recipe.training.model_copy(update={"privacy": privacy})})


@dataclass(frozen=True, kw_only=True)
class _AuditWork:
    chip: Chip
    folder: Path
    shadows: int
    progress: Progress

    def check_sight(self, recipe: Recipe, data: Dataset) -> tuple[tuple[AttackFigures, ...], float]:
        """The attacks on a network that is overfitted on purpose, and its accuracy on its own examples."""
        pool, learned = control_pool(data, seed=recipe.seed), overfitting(recipe)
        self.progress.stage("overfit a network on purpose: what do the attacks see of it?")
        confidence = self._kept((learned, pool, pool.members, "control"), lambda: self._train_control(learned, pool))
        results = self._attack(learned, pool, confidence, np.ones_like(pool.members))
        return figures_of(results, delta=0.0), float((confidence[pool.members] > 0).mean())

    def audit(self, recipe: Recipe, seeds: tuple[int, ...]) -> AuditRow:
        """Accuracies over the seeds, and the attacks on the first one's network: the others see no members."""
        privacy = recipe.training.privacy
        name = "without privacy" if privacy is None else f"at epsilon {privacy.epsilon:g}"
        audited = [self._load(recipe, seed) for seed in seeds]
        asked = [chip_examples(each) for each in audited]
        asked[1:] = [numbers[~each.pool.members[numbers]] for each, numbers in zip(audited[1:], asked[1:], strict=True)]
        answers = [
            self._answer(each, numbers, f"{name}, seed {each.recipe.seed}")
            for each, numbers in zip(audited, asked, strict=True)
        ]
        first, delta = audited[0], _delta(recipe, audited[0].data)
        self.progress.stage(f"attack the network {name} by {self.shadows} shadows")
        return AuditRow(
            epsilon=None if privacy is None else privacy.epsilon,
            spent=None if privacy is None else answers[0].spent,
            delta=delta,
            accuracies={target: tuple(each.accuracy(target) for each in answers) for target in ("source", "npu")},
            attacks={
                target: figures_of(self._attack(first.recipe, first.pool, *answers[0].asked(target)), delta=delta)
                for target in ("source", "npu")
            },
        )

    def _load(self, recipe: Recipe, seed: int) -> _AuditedRecipe:
        own = recipe.model_copy(update={"seed": seed})
        data = own.load_data()
        return _AuditedRecipe(recipe=own, data=data, pool=recipe_pool(data))

    def _answer(self, audited: _AuditedRecipe, chosen: NDArray[np.int64], name: str) -> _Answers:
        """What the network answers: in float to the whole pool, on the chip to the chosen examples."""
        pool = audited.pool
        key = (audited.recipe, pool, pool.members, f"answers on {describe_chip(self.chip).sha256} to {len(chosen)}")
        self.progress.stage(f"train and execute {name}")
        stored = self._kept(key, lambda: self._train_and_run(audited, chosen))
        total = len(pool.members)
        logits = (stored[1 : total + 1], stored[total + 1 :])
        return _Answers(pool=pool, chosen=chosen, spent=float(stored[0, 0]), logits=logits)

    def _train_and_run(self, audited: _AuditedRecipe, chosen: NDArray[np.int64]) -> Array:
        trained = train(audited.recipe, audited.data)
        inputs = audited.pool.examples.whole().inputs
        network = lower_trained(trained, audited.data)
        npu = NpuTarget(chip=self.chip).prepare(network)
        source, on_chip = predict(trained.module, inputs), npu.run(inputs[chosen])[0]
        budget = trained.training.history.budget
        spent = np.full((1, source.shape[1]), 0.0 if budget is None else budget.epsilon)
        return np.concatenate([spent, source, on_chip.astype(np.float64)])

    def _train_control(self, recipe: Recipe, pool: Pool) -> Confidences:
        return pool.confidences_of(train(recipe, pool.trained_on(pool.members)).module)

    def _attack(self, recipe: Recipe, pool: Pool, confidence: Confidences, asked: Members) -> Any:
        chosen = pool.choose(self.shadows, seed=recipe.seed)
        shadows = np.stack(list(self._shadows(recipe, pool, chosen)))
        return attack_network(
            confidence[asked], pool.members[asked], shadows=shadows[:, asked], shadow_members=chosen[:, asked]
        )

    def _shadows(self, recipe: Recipe, pool: Pool, chosen: Members) -> Iterator[Confidences]:
        """Each shadow's confidences, of which those that are kept are not trained again."""
        for number, members in enumerate(chosen):
            key = (recipe, pool, members, f"shadow {number}")
            yield self._kept(key, lambda number=number: train_shadow(recipe, pool, chosen, number))  # type: ignore[misc]

    def _kept(self, key: tuple[Recipe, Pool, Members, str], make: Callable[[], Array]) -> Array:
        """What the folder has of this work, or what `make` gives, which is then kept."""
        recipe, pool, members, what = key
        said = json.dumps(recipe.trained_by()).encode()
        parts = (said, pool.fingerprint, members.tobytes(), what.encode(), installed_versions(_PACKAGES))
        name = f"{content_key(parts)[:40]}.npy"
        try:
            kept: Array = np.load(io.BytesIO(unseal((self.folder / name).read_bytes(), name=name)), allow_pickle=False)
        except (OSError, Damaged, ValueError):
            return self._keep(name, make())
        return kept

    def _keep(self, name: str, values: Array) -> Array:
        buffer = io.BytesIO()
        np.save(buffer, values)
        write_whole(self.folder / name, seal(buffer.getvalue(), name=name))
        return values


@dataclass(frozen=True, kw_only=True, eq=False)
class _Answers:
    """Logits of a network: in float of the whole pool, on the chip of the `chosen` examples."""

    pool: Pool
    chosen: NDArray[np.int64]
    spent: float
    logits: tuple[Array, Array]

    def accuracy(self, target: Target) -> float:
        """On the examples that were not trained on."""
        numbers = self._numbers(target)
        others = ~self.pool.members[numbers]
        right = self._logits(target)[others].argmax(1) == self.pool.examples.targets[numbers][others]
        return float(right.mean())

    def asked(self, target: Target) -> tuple[Confidences, Members]:
        """The confidences of the whole pool (0 for an example that was not asked about), and which were asked about."""
        numbers = self._numbers(target)
        whole, asked = np.zeros(len(self.pool.members)), np.zeros(len(self.pool.members), np.bool_)
        whole[numbers] = confidences(self._logits(target), self.pool.examples.targets[numbers])
        asked[numbers] = True
        return whole, asked

    def _numbers(self, target: Target) -> NDArray[np.int64]:
        return np.arange(len(self.pool.members)) if target == "source" else self.chosen

    def _logits(self, target: Target) -> Array:
        return self.logits[0] if target == "source" else self.logits[1]


def chip_examples(audited: _AuditedRecipe) -> NDArray[np.int64]:
    """The examples that are executed on the chip: those that the recipe judges by, and as many members."""
    members = audited.pool.members
    others = np.flatnonzero(~members)[: audited.recipe.validation.executed]
    return np.concatenate([np.flatnonzero(members)[: len(others)], others])


def _delta(recipe: Recipe, data: Dataset) -> float:
    privacy = recipe.training.privacy
    return 1 / len(data.train) if privacy is None else privacy.delta_of(len(data.train))
