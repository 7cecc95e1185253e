"""Plans of networks to be made: the name of each, how it is made, and the work, which is done later or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from chipsmith.learn.compression.channels import ChannelGroup
from chipsmith.learn.compression.structure import Value, apply_choices
from chipsmith.learn.compression.variants import (
    MASKS,
    CompressionContext,
    Variant,
    distill,
    prune_channels,
    prune_weights,
    quantise,
    quantise_in_training,
)
from chipsmith.studies.budget import Budget
from chipsmith.studies.greedy_pruning import PruneStep, build_price, prune
from chipsmith.studies.methods import CompressionSettings, Method
from chipsmith.studies.result import Candidate
from chipsmith.studies.structure_search import Trial, best_trials
from chipsmith.targets import INT8, SOURCE

if TYPE_CHECKING:
    import torch

_CYCLE_SHARES = (1 / 2, 1 / 3, 1 / 4)
"""Channels are taken out until these shares of the cycles are left, and until the budget is met."""
_FULLY_TRAINED = 2
"""Structures of a search that are trained to the end."""
_ROUNDING_LOSS = 0.3
"""Points that int8 may cost a small network before it is trained with its rounding too."""
_ZEROS = {Method.TWO_OF_FOUR: "two of every four", Method.UNSTRUCTURED: "the smaller half of its"}


@dataclass(frozen=True, kw_only=True)
class CandidatePlan:
    """A network to be made: its name in the folder, `how` it is made in a sentence, and `build`, which makes it.

    `widths` are those of its groups of channels, `structure` the hyper-parameters that differ from the recipe's.
    """

    name: str
    method: str
    how: str
    build: Callable[[], Variant]
    widths: dict[str, int]
    structure: dict[str, Value]


def plan_same_structure(context: CompressionContext, settings: CompressionSettings) -> Iterator[CandidatePlan]:
    """What leaves the structure as it is: quantised in two ways, with zeros in its weights."""
    epochs = context.epochs
    yield _plan(Method.QUANTISED, "quantised to int8 after training", partial(quantise, context, context.module))
    if settings.includes(Method.QUANTISED_IN_TRAINING):
        yield _plan(
            Method.QUANTISED_IN_TRAINING,
            f"trained on for {epochs // 4 or 1} epochs with its int8 rounding (PT2E)",
            partial(quantise_in_training, context, context.module, epochs=epochs // 4),
        )
    for method, words in _ZEROS.items():
        if settings.includes(method):
            how = f"{words} weights at zero, trained on for {epochs // 4 or 1} epochs; the chip does not skip zeros"
            yield _plan(method, how, partial(_build_sparse, context, method))


def plan_channels(
    context: CompressionContext, groups: tuple[ChannelGroup, ...], budget: Budget
) -> Iterator[CandidatePlan]:
    """Networks with fewer channels: the first on the way down that reaches each share of the cycles, or the budget."""
    price = build_price(context.module, context.example, groups, context.chip)
    epochs = max(1, context.epochs // 2)
    for step in choose_milestones(prune(groups, price, columns=context.columns), budget):
        yield CandidatePlan(
            name=f"channels-{step.cost.cycles}",
            method=Method.CHANNELS,
            how=f"channels taken out where they save most cycles, trained on for {epochs} epochs",
            build=partial(_build_narrow, context, groups, step.widths, epochs),
            widths=step.widths,
            structure={},
        )


def choose_milestones(walk: Iterator[PruneStep], budget: Budget) -> Iterator[PruneStep]:
    """Of the steps of a walk the first below each share of the cycles it began with, and the first within the budget.

    The walk ends with the last of them.
    """
    shares, start, within = list(_CYCLE_SHARES), 0, False
    for step in walk:
        start = start or step.cost.cycles
        reached = bool(shares) and step.cost.cycles <= shares[0] * start
        fits = not within and budget.excess(step.cost) <= 0
        shares = [share for share in shares if step.cost.cycles > share * start]
        within = within or fits
        if (reached or fits) and step.cost.cycles < start:
            yield step
        if within and not shares:
            return


def plan_structures(context: CompressionContext, trials: tuple[Trial, ...]) -> Iterator[CandidatePlan]:
    """The best structures of a search, trained to the end."""
    for trial in best_trials(trials, count=_FULLY_TRAINED):
        words = ", ".join(f"{name} {value:g}" for name, value in trial.chosen.items())
        yield CandidatePlan(
            name=f"search-{trial.cycles}",
            method=Method.SEARCH,
            how=f"structure found by {trial.sampler} search ({words}), trained with the large network as its teacher",
            build=partial(_build_structure, context, trial.chosen),
            widths={},
            structure=trial.chosen,
        )


def plan_rounding(
    context: CompressionContext,
    candidates: Sequence[Candidate],
    budget: Budget,
    read_module: Callable[[Candidate], torch.nn.Module],
) -> Iterator[CandidatePlan]:
    """Of the `candidates` those within the budget that lose too much by int8 alone, trained on with their rounding.

    `read_module` gives the float module of a finished candidate.
    """
    epochs = max(1, context.epochs // 4)
    for candidate in candidates:
        small = candidate.method in (Method.CHANNELS, Method.SEARCH) and budget.excess(candidate.cost) <= 0
        if small and _rounding_loss(candidate) > _ROUNDING_LOSS:
            yield CandidatePlan(
                name=f"{candidate.name}-rounded",
                method=f"{candidate.method}, {Method.QUANTISED_IN_TRAINING}",
                how=f"{candidate.how}; then trained on for {epochs} epochs with its int8 rounding",
                build=partial(_build_rounded, context, partial(read_module, candidate), epochs),
                widths=candidate.widths,
                structure=candidate.structure,
            )


def _plan(method: Method, how: str, build: Callable[[], Variant]) -> CandidatePlan:
    return CandidatePlan(name=method, method=method, how=how, build=build, widths={}, structure={})


def _rounding_loss(candidate: Candidate) -> float:
    return 100 * abs(candidate.metrics[SOURCE].value - candidate.metrics[INT8].value)


def _build_sparse(context: CompressionContext, method: Method) -> Variant:
    return quantise(context, prune_weights(context, MASKS[method], epochs=context.epochs // 4))


def _build_narrow(
    context: CompressionContext, groups: tuple[ChannelGroup, ...], widths: dict[str, int], epochs: int
) -> Variant:
    return quantise(context, prune_channels(context, groups, widths, epochs=epochs))


def _build_structure(context: CompressionContext, chosen: dict[str, Value]) -> Variant:
    network = apply_choices(context.recipe.network_for(context.dataset), chosen)
    return quantise(context, distill(context, network, epochs=context.epochs))


def _build_rounded(context: CompressionContext, read_module: Callable[[], torch.nn.Module], epochs: int) -> Variant:
    return quantise_in_training(context, read_module(), epochs=epochs)
