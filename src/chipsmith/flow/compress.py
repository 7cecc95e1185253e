"""`compress`: from a recipe and a budget to the front of accuracy, latency and energy, and the network chosen.

Every network that is finished stays in the run folder: a compression that was interrupted goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chipsmith.chip import Chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.errors import BadInput
from chipsmith.flow.compress_folder import CompressFolder
from chipsmith.flow.run_folder import CHECKPOINT, choose_folder
from chipsmith.flow.training import train_in
from chipsmith.learn.compression.channels import ChannelGroup
from chipsmith.learn.compression.masks import packed_weight_bytes, zero_share
from chipsmith.learn.compression.structure import Value, with_choices
from chipsmith.learn.compression.tuning import (
    MASKS,
    Base,
    Made,
    narrowed,
    quantised,
    quantised_in_training,
    scored_groups,
    taught,
    with_zeros,
)
from chipsmith.learn.data import Dataset, Examples, Task
from chipsmith.learn.predict import predict
from chipsmith.learn.recipe import Recipe
from chipsmith.learn.trained_file import load_trained, save_trained
from chipsmith.learn.validation.evaluate import Array, Metric, Predict, evaluate
from chipsmith.learn.watching import Watch
from chipsmith.profile.cost import program_cost
from chipsmith.program.program import Program
from chipsmith.reports.compression import compression_to_plain
from chipsmith.schema import Json
from chipsmith.sim import functional
from chipsmith.studies.budget import Budget
from chipsmith.studies.greedy_pruning import Thinned, price_of, thin
from chipsmith.studies.record import Candidate, Compression, Start
from chipsmith.studies.structure_search import SAMPLERS, StructureSearch, Trial, best_trials

if TYPE_CHECKING:
    import torch

METHODS = ("quantised", "quantised_in_training", "channels", "search", *MASKS)
"""What can be done to a network; "quantised" is always done."""
USUAL = ("quantised_in_training", "channels", "search")
"""What is done where no method is named: as far as the network allows it."""

_TARGETS = (1 / 2, 1 / 3, 1 / 4)
"""Channels are taken out until these shares of the cycles are left, and until the budget is met."""
_FULLY_TRAINED = 2
"""Structures of a search that are trained to the end."""
_ROUNDING_LOSS = 0.3
"""Points that int8 may cost a small network before it is trained with its rounding too."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A network to be made: its name in the run folder, how it is made, and the work."""

    name: str
    method: str
    how: str
    make: Callable[[], Made]
    widths: dict[str, int]
    structure: dict[str, Value]


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a compression is asked to do, the usual where `methods` names none.

    `epochs` are those of a whole training of a smaller network; None takes the recipe's. Raises BadInput for a method
    that there is not, no trials or no epochs.
    """

    budget: Budget
    methods: Sequence[str] = ()
    trials: int = 12
    epochs: int | None = None

    def __post_init__(self) -> None:
        unknown = [name for name in self.methods if name not in METHODS]
        if unknown:
            raise BadInput(f"there is no compression method '{unknown[0]}'; there are {', '.join(METHODS)}")
        if self.trials < 1:
            raise BadInput(f"a search of {self.trials} trials finds nothing: --trials must be 1 or more")
        if self.epochs is not None and self.epochs < 1:
            raise BadInput(f"small networks cannot be trained for {self.epochs} epochs: --epochs must be 1 or more")

    def does(self, method: str) -> bool:
        """Whether the method is part of the job."""
        return method in (self.methods or USUAL)


@dataclass(frozen=True, kw_only=True)
class Compressed:
    """A compression, and the folder that it left."""

    result: Compression
    folder: Path

    @property
    def failure(self) -> str:
        """Why no network is within the budget; empty where one is."""
        return "" if self.result.met else self.result.shortfall

    def to_json(self) -> Json:
        """The object of `chipsmith compress --json`: result.json without the record."""
        plain = compression_to_plain(self.result)
        del plain["record"]
        return {**plain, "host": {"folder": str(self.folder)}}


def compress_recipe(recipe: Recipe, chip: Chip, job: Job, *, out: Path | None, watch: Watch) -> Compressed:
    """Train the recipe's network, or take it from the folder, and compress it. See `chipsmith.compress`."""
    path = choose_folder(out, f"compress-{recipe.name}-{chip.name}-{recipe.seed}")
    data = recipe.load_data()
    if data.task is Task.GENERATION:
        raise BadInput(f"recipe {recipe.name}: compression takes networks whose answer can be judged, not generation")
    epochs = max(1, job.epochs or recipe.training.epochs)
    folder = CompressFolder(path, identity=f"{recipe.model_dump_json()} {chip.sha256} {epochs}")
    module = _trained(recipe, data, folder, watch)
    base = Base(recipe=recipe, dataset=data, chip=chip, module=module, epochs=epochs)
    result = compress_network(base, job, folder, watch)
    watch.stage("write the report")
    folder.write_result(result)
    return Compressed(result=result, folder=path)


def _trained(recipe: Recipe, data: Dataset, folder: CompressFolder, watch: Watch) -> torch.nn.Module:
    """The network to begin with; one that the folder holds is not trained again."""
    if folder.trained.exists():
        known = load_trained(folder.trained)
        if known.training.recipe != recipe.model_copy(update={"network": recipe.network_for(data)}):
            raise BadInput(f"{folder.trained} is of another recipe; name another folder with --out, or remove it")
        return known.module
    watch.stage("train")
    trained = train_in(folder.path, recipe, data, resume=True, watch=watch)
    save_trained(trained, folder.trained)
    (folder.path / CHECKPOINT).unlink(missing_ok=True)
    return trained.module


def compress_network(base: Base, job: Job, folder: CompressFolder, watch: Watch) -> Compression:
    """Make the candidates of a trained network by each method, judge them on the chip, and choose."""
    work = _Work(base, job, folder, watch)
    start = work.start()
    found = [work.candidate(plan) for plan in _plain_plans(base, job)]
    bounded = job.budget.bounded(start.cost)
    found += [work.candidate(plan) for plan in work.channel_plans(bounded)]
    trials = work.search(bounded)
    found += [work.candidate(plan) for plan in _search_plans(base, trials)]
    found += [work.candidate(plan) for plan in work.rounding_plans(found)]
    return Compression(
        network=base.recipe.name,
        seed=base.recipe.seed,
        budget=job.budget,
        start=start,
        candidates=tuple(found),
        trials=trials,
        skipped=tuple(work.skipped),
    )


def _plain_plans(base: Base, job: Job) -> Iterator[Plan]:
    """What leaves the structure as it is."""
    epochs = base.epochs
    yield _plan("quantised", "quantised to int8 after training", lambda: quantised(base, base.module))
    if job.does("quantised_in_training"):
        yield _plan(
            "quantised_in_training",
            f"trained on for {epochs // 4 or 1} epochs with its int8 rounding (PT2E)",
            lambda: quantised_in_training(base, base.module, epochs=epochs // 4),
        )
    for name, words in (("two_of_four", "two of every four"), ("unstructured", "the smaller half of its")):
        if job.does(name):
            how = f"{words} weights at zero, trained on for {epochs // 4 or 1} epochs; the chip does not skip zeros"
            yield _plan(name, how, lambda name=name: _sparse(base, name))  # type: ignore[misc]


def _sparse(base: Base, name: str) -> Made:
    return quantised(base, with_zeros(base, MASKS[name], epochs=base.epochs // 4))


def _plan(name: str, how: str, make: Callable[[], Made]) -> Plan:
    return Plan(name=name, method=name, how=how, make=make, widths={}, structure={})


def _search_plans(base: Base, trials: tuple[Trial, ...]) -> Iterator[Plan]:
    for trial in best_trials(trials, count=_FULLY_TRAINED):
        words = ", ".join(f"{name} {value:g}" for name, value in trial.chosen.items())
        yield Plan(
            name=f"search-{trial.cycles}",
            method="search",
            how=f"structure found by {trial.sampler} search ({words}), trained with the large network as its teacher",
            make=lambda trial=trial: _searched(base, trial.chosen),  # type: ignore[misc]
            widths={},
            structure=trial.chosen,
        )


def _searched(base: Base, chosen: dict[str, Value]) -> Made:
    network = with_choices(base.recipe.network_for(base.dataset), chosen)
    return quantised(base, taught(base, network, epochs=base.epochs))


class _Work:
    """The work on one base: what is finished is read from the folder, what is not is done and written there."""

    def __init__(self, base: Base, job: Job, folder: CompressFolder, watch: Watch) -> None:
        self._base, self._job, self._folder, self._watch = base, job, folder, watch
        self.skipped: list[str] = []

    def start(self) -> Start:
        """The float network's metrics, and the cost of its int8 form."""
        made, data = quantised(self._base, self._base.module), self._base.dataset
        cost = program_cost(compile_graph(made.lowered.graph, self._base.chip))
        test, validation = (self._judge(_of_module(self._base.module), one) for one in (data.test, data.validation))
        return Start(test=test, validation=validation, cost=cost)

    def candidate(self, plan: Plan) -> Candidate:
        """The finished candidate of a plan."""
        known = self._folder.read_candidate(plan.name)
        if known is not None:
            return known
        self._watch.stage(f"{plan.name}: {plan.how}")
        made = plan.make()
        program = compile_graph(made.lowered.graph, self._base.chip)
        candidate = self._describe(plan, made, program)
        self._folder.write_candidate(candidate, made, program, self._base)
        return candidate

    def channel_plans(self, budget: Budget) -> Iterator[Plan]:
        """Networks with fewer channels: the first on the way down that meets each target."""
        if not self._job.does("channels"):
            return
        self._watch.stage("price the channels on the chip")
        groups: tuple[ChannelGroup, ...] = ()
        with self._where_possible():
            groups = scored_groups(self._base)
        if groups:
            yield from self._thinned(groups, budget)

    def _thinned(self, groups: tuple[ChannelGroup, ...], budget: Budget) -> Iterator[Plan]:
        base = self._base
        price = price_of(base.module, base.example, groups, base.chip)
        epochs = max(1, base.epochs // 2)
        for step in _milestones(thin(groups, price, columns=base.columns), budget):
            yield Plan(
                name=f"channels-{step.cost.cycles}",
                method="channels",
                how=f"channels taken out where they save most cycles, trained on for {epochs} epochs",
                make=lambda step=step: self._narrowed(groups, step.widths, epochs),  # type: ignore[misc]
                widths=step.widths,
                structure={},
            )

    def search(self, budget: Budget) -> tuple[Trial, ...]:
        """The trials of both samplers of a structure search."""
        if not self._job.does("search"):
            return ()
        base, found = self._base, list[Trial]()
        search = StructureSearch(
            base=base,
            network=base.recipe.network_for(base.dataset),
            budget=budget,
            epochs=max(1, base.epochs // 8),
        )
        journal = self._folder.journal(budget)
        with self._where_possible():
            for sampler in SAMPLERS:
                found += search.run(sampler, trials=self._job.trials, journal=journal, on_trial=self._tell)
        return tuple(found)

    @contextmanager
    def _where_possible(self) -> Iterator[None]:
        """Keep the reason why a usual method does not fit this network; where it was asked for by name, raise it."""
        try:
            yield
        except BadInput as error:
            if self._job.methods:
                raise
            self.skipped.append(str(error))
            self._watch.stage(str(error))

    def rounding_plans(self, found: Sequence[Candidate]) -> Iterator[Plan]:
        """Fast networks that lose too much by int8 alone, trained on with their rounding."""
        if not self._job.does("quantised_in_training"):
            return
        epochs = max(1, self._base.epochs // 4)
        for one in found:
            small = one.method in ("channels", "search") and self._job.budget.excess(one.cost) <= 0
            if small and 100 * abs(one.float_.value - one.int8.value) > _ROUNDING_LOSS:
                yield Plan(
                    name=f"{one.name}-rounded",
                    method=f"{one.method}, quantised_in_training",
                    how=f"{one.how}; then trained on for {epochs} epochs with its int8 rounding",
                    make=lambda one=one: self._rounded(one, epochs),  # type: ignore[misc]
                    widths=one.widths,
                    structure=one.structure,
                )

    def _rounded(self, one: Candidate, epochs: int) -> Made:
        return quantised_in_training(self._base, self._folder.read_module(one, self._base), epochs=epochs)

    def _narrowed(self, groups: tuple[ChannelGroup, ...], widths: dict[str, int], epochs: int) -> Made:
        return quantised(self._base, narrowed(self._base, groups, widths, epochs=epochs))

    def _tell(self, trial: Trial) -> None:
        score = "beyond the budget" if trial.score is None else f"validation score {trial.score:.4f}"
        self._watch.stage(f"{trial.sampler} search: {trial.cycles:,} cycles, {score}")

    def _describe(self, plan: Plan, made: Made, program: Program) -> Candidate:
        data, chip = self._base.dataset, _of_chip(made, program)
        return Candidate(
            name=plan.name,
            method=plan.method,
            how=plan.how,
            float_=self._judge(_of_module(made.module), data.test),
            int8=self._judge(lambda inputs: predict(made.lowered.converted, inputs, batch=1), data.test),
            chip=self._judge(chip, data.test),
            validation=self._judge(chip, data.validation),
            cost=program_cost(program),
            widths=plan.widths,
            structure=plan.structure,
            zero_share=zero_share(made.lowered.graph),
            packed_weight_bytes=packed_weight_bytes(made.lowered.graph),
        )

    def _judge(self, answers: Predict, examples: Examples) -> Metric:
        most = self._base.recipe.validation.executed
        part = examples if most is None else examples.first(most)
        return evaluate(answers, part, self._base.dataset.task).chief


def _milestones(walk: Iterator[Thinned], budget: Budget) -> Iterator[Thinned]:
    """Of the steps of a walk the first below each target, and the first within the budget; the walk ends with them."""
    targets, start, within = list(_TARGETS), 0, False
    for step in walk:
        start = start or step.cost.cycles
        reached = bool(targets) and step.cost.cycles <= targets[0] * start
        fits = not within and budget.excess(step.cost) <= 0
        targets = [one for one in targets if step.cost.cycles > one * start]
        within = within or fits
        if (reached or fits) and step.cost.cycles < start:
            yield step
        if within and not targets:
            return


def _of_module(module: torch.nn.Module) -> Predict:
    return lambda inputs: predict(module, inputs)


def _of_chip(made: Made, program: Program) -> Predict:
    """The chip's answers, with the host's steps before and after it."""

    def answers(inputs: Array) -> Array:
        outputs = functional.execute(program, made.lowered.quantize_inputs(inputs))
        return made.lowered.dequantize_outputs(outputs)[0]

    return answers
