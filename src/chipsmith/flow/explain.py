"""From what a user has, a network, a program or a run's folder, to the advice on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from chipsmith.chip import Chip, read_chip
from chipsmith.compiler.network import compile_network
from chipsmith.costs import DEFAULT_VOLUME
from chipsmith.errors import BadInput
from chipsmith.flow.advice import network_file, read_run_network
from chipsmith.flow.retraining import read_run_training, with_training
from chipsmith.flow.run_files import CHIP_FILE, RECIPE, RESULT
from chipsmith.flow.run_folder import read_run
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.profile.layer_costs import LayerCost
from chipsmith.program.program import Program
from chipsmith.reports.record import RunRecord
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.shown import Pictured
from chipsmith.studies.advice.advise import advise
from chipsmith.studies.advice.channel_names import ChannelNames
from chipsmith.studies.advice.diagnose import diagnose
from chipsmith.studies.advice.record import AdviceRecord, Remedy, Subject
from chipsmith.tosa.graph import Graph
from chipsmith.tosa.passes.channels import set_channels

MEND = "give the network, or the run, and changes are simulated"
"""What to do where there is only a program."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Explanation(Pictured):
    """Why an inference takes what it takes, and what would help; the page and the changed network that were written.

    `program` is what was looked at. `graph` is its network, with its channels changed where that was asked for, and
    `operator_names` are the author's names by those of its operators; None and empty of a program alone.
    """

    advice: AdviceRecord
    program: Program
    graph: Graph | None = None
    operator_names: Mapping[str, str] = field(default_factory=dict)
    page: Path | None = None
    network: Path | None = None

    def _brief(self) -> str:
        from chipsmith.reports.advice_text import diagnosis_sentences

        advice, why = self.advice, next(iter(diagnosis_sentences(self.advice)), "")
        tried = f"{advice.simulated} changes simulated" if advice.simulated else f"of its program: {MEND}"
        return f"{advice.network} on {advice.chip}, {tried}. {why}"

    def to_json(self) -> Json:
        """The object of `chipsmith explain --json`."""
        from chipsmith.reports.advice_text import diagnosis_sentences, warm_sentence

        advice = self.advice
        return {
            "schema_version": SCHEMA_VERSION,
            "network": advice.network,
            "chip": advice.chip,
            "diagnosis": list(diagnosis_sentences(advice)),
            "warm": warm_sentence(advice),
            "help": [self._remedy_to_json(remedy) for remedy in all_remedies(advice)],
            "layers": [_layer_to_json(layer) for layer in advice.layers],
            "record": _to_plain(advice),
        }

    def _remedy_to_json(self, remedy: Remedy) -> Json:
        from chipsmith.reports.advice_text import command, remedy_sentence, training_command

        return {
            "kind": remedy.kind.value,
            "among": _ranked_among(self.advice, remedy),
            "sentence": remedy_sentence(self.advice, remedy),
            "command": command(self.advice, remedy),
            "training_command": training_command(self.advice, remedy),
            "score": remedy.score,
        }


def _layer_to_json(layer: LayerCost) -> Json:
    """What the critical path waits for in a layer's share of it, and what the layer's own engine is busy with."""
    return {
        "layer": layer.label,
        "path_cycles": layer.cycles,
        "path_waits_for": None if layer.path_bound is None else layer.path_bound.value,
        "warm_path_cycles": layer.warm_cycles,
        "busy_cycles": layer.busy_cycles,
        "busy_with": None if layer.busy_bound is None else layer.busy_bound.value,
    }


def _ranked_among(advice: AdviceRecord, remedy: Remedy) -> str:
    """The changes that a remedy is ranked among: those of one sort are not held against those of another."""
    groups = {
        "changes of the chip": (*advice.remedies, advice.together),
        "fewer channels of the network, to be trained again": advice.networks,
        "more channels of the network at next to no cost, to be trained again": advice.room,
        "what of the chip may go": (*advice.savings, advice.smaller),
        "other chips of the catalogue, unranked": advice.chips,
    }
    return next(name for name, remedies in groups.items() if remedy in remedies)


def _to_plain(advice: AdviceRecord) -> Json:
    from pydantic import TypeAdapter

    plain: Json = TypeAdapter(AdviceRecord).dump_python(advice, mode="json")
    return plain


def all_remedies(advice: AdviceRecord) -> tuple[Remedy, ...]:
    """Every change that an advice names, in its order."""
    joined = (advice.together, advice.smaller)
    lists = (advice.remedies, advice.networks, advice.room, advice.savings, advice.chips)
    return (*(remedy for group in lists for remedy in group), *(remedy for remedy in joined if remedy is not None))


def explain_network(
    network: QuantizedNetwork,
    chip: Chip,
    *,
    subject: Subject,
    channels: Sequence[str] = (),
    volume: int = DEFAULT_VOLUME,
) -> Explanation:
    """The advice on a network on a chip; `channels` change layers first, as "conv1=32". Raises as the compiler does."""
    graph, names = change_channels(network, channels), network.operator_names
    program = compile_network(graph, chip, operator_names=names)
    advice = advise(graph, program, subject=subject, operator_names=names, volume=volume)
    return Explanation(advice=advice, program=program, graph=graph, operator_names=names)


def explain_program(program: Program, *, volume: int = DEFAULT_VOLUME) -> Explanation:
    """The diagnosis of a program: what would help is not known without its network."""
    return Explanation(advice=diagnose(program, subject=Subject(model="", chip=""), volume=volume), program=program)


def explain_run(folder: Path, chip: Chip | None, *, subject: Subject, channels: Sequence[str] = ()) -> Explanation:
    """The advice on the network of a run's folder, on the run's chip or on another.

    `subject` names both in the words of a command; where one is empty, it is the folder's file. Raises BadInput where
    the folder is no run's on a chip, or has lost its network.
    """
    record = read_run(folder)
    if not isinstance(record, RunRecord):
        raise BadInput(f"{folder} is a run of a quantum network, which no chip runs: there is nothing to explain")
    network = read_run_network(folder, record)
    words = Subject(
        model=subject.model or str(folder / network_file(record)),
        chip=subject.chip or str(folder / CHIP_FILE),
        settings=subject.settings,
        channels=subject.channels,
        recipe=str(folder / RECIPE) if (folder / RECIPE).is_file() else "",
    )
    target = chip or read_chip(record.chip.yaml, origin=str(folder / RESULT))
    told = explain_network(network, target, subject=words, channels=channels, volume=record.inference.cost.volume)
    if channels or told.graph is None:  # of a network that was changed no recipe is known
        return told
    training = read_run_training(folder)
    return replace(told, advice=with_training(told.advice, told.graph, network.operator_names, training))


def change_channels(network: QuantizedNetwork, channels: Sequence[str]) -> Graph:
    """The graph of a network with other numbers of channels: "conv1=32" by an operator's or its author's name.

    Raises BadInput.
    """
    graph, names = network.graph, ChannelNames(network.graph, network.operator_names)
    for setting in channels:
        name, equals, count = (part.strip() for part in setting.rpartition("="))
        if not (name and equals and count.isdecimal() and len(count) < _MOST_DIGITS):
            raise BadInput(f"--channels {setting}: write a layer and its number of channels, for example conv1=32")
        layer = names.find(name)
        try:
            graph = set_channels(graph, layer, int(count))
        except BadInput as fault:
            raise BadInput(names.say(str(fault))) from None
    return graph


_MOST_DIGITS = 10
