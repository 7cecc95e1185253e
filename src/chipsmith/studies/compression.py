"""The study that `compress` makes: candidates by each method, judged on the chip, and the choice among them.

Every network that is finished stays in the folder: a study that was interrupted goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from chipsmith.compiler.compile import compile_graph
from chipsmith.compiler.network import compile_network
from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_network import FrameworkModel
from chipsmith.learn.compression.channels import ChannelGroup
from chipsmith.learn.compression.masks import packed_weight_bytes, zero_share
from chipsmith.learn.compression.variants import CompressionContext, Variant, quantise, score_groups
from chipsmith.learn.data import Examples
from chipsmith.learn.predict import predict
from chipsmith.learn.progress import Progress
from chipsmith.learn.validation.evaluate import Metric, Predict, evaluate
from chipsmith.profile.cost import program_cost
from chipsmith.program.program import Program
from chipsmith.studies.budget import Budget
from chipsmith.studies.folder import CompressionFolder
from chipsmith.studies.methods import CompressionSettings, Method
from chipsmith.studies.plans import CandidatePlan, plan_channels, plan_rounding, plan_same_structure, plan_structures
from chipsmith.studies.result import Candidate, Compression, Start
from chipsmith.studies.structure_search import SAMPLERS, StructureOracle, StructureSearch, Trial
from chipsmith.studies.structure_space import StructureSpace
from chipsmith.targets import INT8, NPU, SOURCE, HostedGraph, PreparedNetwork
from chipsmith.targets.int8 import Int8Target
from chipsmith.targets.npu import NpuGraph


class CompressionStudy:
    """The compression of one trained network; what stands finished in the folder is taken, the rest is made there."""

    def __init__(
        self,
        context: CompressionContext,
        settings: CompressionSettings,
        folder: CompressionFolder,
        progress: Progress,
    ) -> None:
        self._context, self._settings, self._folder, self._progress = context, settings, folder, progress
        self._skipped: list[str] = []

    def run(self) -> Compression:
        """Make the candidates of each method, judge them on the chip, and choose. Raises BadInput."""
        context, settings = self._context, self._settings
        start = self._start()
        aim = settings.budget.bounded(start.cost)
        candidates = self._finish(plan_same_structure(context, settings))
        candidates += self._finish(self._channel_plans(aim))
        trials = self._search(aim)
        candidates += self._finish(plan_structures(context, trials))
        if settings.includes(Method.QUANTISED_IN_TRAINING):
            read_module = partial(self._folder.read_module, context=context)
            candidates += self._finish(plan_rounding(context, candidates, settings.budget, read_module))
        return Compression(
            network=context.recipe.name,
            seed=context.recipe.seed,
            budget=settings.budget,
            start=start,
            candidates=tuple(candidates),
            trials=trials,
            skipped=tuple(self._skipped),
        )

    def _start(self) -> Start:
        """The float network's metrics, and the cost of its int8 form."""
        context, answers = self._context, partial(predict, self._context.module)
        graph = quantise(context, context.module).quantised.graph
        cost = program_cost(compile_graph(graph, context.chip))
        test, validation = (self._judge(answers, part) for part in (context.dataset.test, context.dataset.validation))
        return Start(test=test, validation=validation, cost=cost)

    def _finish(self, plans: Iterable[CandidatePlan]) -> list[Candidate]:
        return [self._candidate(plan) for plan in plans]

    def _candidate(self, plan: CandidatePlan) -> Candidate:
        """The finished candidate of a plan.

        Networks are named by their cycles: one of the same name that is another network is made anew.
        """
        finished = self._folder.read_candidate(plan.name)
        if finished is not None and (finished.widths, finished.structure) == (plan.widths, plan.structure):
            return finished
        self._progress.stage(f"{plan.name}: {plan.how}")
        variant = plan.build()
        quantised = variant.quantised
        program = compile_network(quantised.graph, self._context.chip, operator_names=quantised.operator_names)
        candidate = self._describe(plan, variant, program)
        self._folder.write_candidate(candidate, variant, program, self._context)
        return candidate

    def _channel_plans(self, aim: Budget) -> Iterator[CandidatePlan]:
        if not self._settings.includes(Method.CHANNELS):
            return
        self._progress.stage("price the channels on the chip")
        groups: tuple[ChannelGroup, ...] = ()
        with self._where_possible():
            groups = score_groups(self._context)
        if groups:
            yield from plan_channels(self._context, groups, aim)

    def _search(self, aim: Budget) -> tuple[Trial, ...]:
        """The trials of both samplers of a structure search."""
        if not self._settings.includes(Method.SEARCH):
            return ()
        context, data, trials = self._context, self._context.dataset, list[Trial]()
        with self._where_possible():
            space = StructureSpace.of(
                context.recipe.network_for(data),
                columns=context.columns,
                input_shape=data.input_shape,
                outputs=data.outputs,
            )
            oracle = StructureOracle(context=context, epochs=max(1, context.epochs // 8))
            search = StructureSearch(space, oracle, aim, seed=context.recipe.seed, journal=self._folder.journal())
            for sampler in SAMPLERS:
                trials += search.run(sampler, trials=self._settings.trials, on_trial=self._tell)
        return tuple(trials)

    @contextmanager
    def _where_possible(self) -> Iterator[None]:
        """Keep the reason why a usual method does not fit this network; where it was asked for by name, raise it."""
        try:
            yield
        except BadInput as error:
            if self._settings.methods:
                raise
            self._skipped.append(str(error))
            self._progress.stage(str(error))

    def _tell(self, trial: Trial) -> None:
        score = "beyond the budget" if trial.score is None else f"validation score {trial.score:.4f}"
        self._progress.stage(f"{trial.sampler} search: {trial.cycles:,} cycles, {score}")

    def _describe(self, plan: CandidatePlan, variant: Variant, program: Program) -> Candidate:
        data, quantised = self._context.dataset, variant.quantised
        targets: dict[str, Predict] = {
            SOURCE: partial(predict, variant.module),
            INT8: _answers(Int8Target().prepare(quantised)),
            NPU: _answers(HostedGraph(host=quantised, graph=NpuGraph(program=program))),
        }
        return Candidate(
            name=plan.name,
            method=plan.method,
            how=plan.how,
            metrics={target: self._judge(answers, data.test) for target, answers in targets.items()},
            validation=self._judge(targets[NPU], data.validation),
            cost=program_cost(program),
            widths=plan.widths,
            structure=plan.structure,
            zero_share=zero_share(quantised.graph),
            packed_weight_bytes=packed_weight_bytes(quantised.graph),
        )

    def _judge(self, answers: Predict, examples: Examples) -> Metric:
        most = self._context.recipe.validation.executed
        part = examples if most is None else examples.first(most)
        return evaluate(answers, part, self._context.dataset.task).primary_metric


def _answers(network: FrameworkModel | PreparedNetwork) -> Predict:
    return lambda inputs: network.run(inputs)[0]
