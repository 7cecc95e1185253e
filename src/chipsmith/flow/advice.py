"""The advice that a run keeps, and that of a run's folder which has none yet."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from chipsmith.chip import read_chip
from chipsmith.compiler.network import compile_network
from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.flow.retraining import read_run_training, with_training
from chipsmith.flow.run_files import CHIP_FILE, RECIPE
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.learn.trained import Training
from chipsmith.profile.wipe_cost import wipe_cycles
from chipsmith.program.program import Program
from chipsmith.reports.record import RunRecord
from chipsmith.sim.cycle import simulate
from chipsmith.studies.advice.advise import advise
from chipsmith.studies.advice.record import AdviceRecord, Subject
from chipsmith.tosa.graph import Graph


def read_run_network(folder: Path, record: RunRecord) -> QuantizedNetwork:
    """The network that a run left, with its author's names. Raises BadInput where it is not as the run left it."""
    from chipsmith.frontends.registry import load_model

    path = folder / network_file(record)
    if not path.is_file():
        raise BadInput(f"{folder} has no {path.name} any more: run the network again")
    if record.hashes.get(path.name) != hashlib.sha256(path.read_bytes()).hexdigest():
        raise BadInput(f"{path} is not the network of the run any more: give it alone, with --chip, or run it again")
    network = load_model(str(path))
    names = {row.name: row.source for row in record.inference.operators if row.source}
    return replace(network, operator_names={**names, **network.operator_names})


def advise_run(graph: Graph, program: Program, *, volume: int, training: Training | None) -> AdviceRecord:
    """The advice that a run keeps: the words of its commands are the files of the run's folder.

    It says what trains a changed network, where a `training` is known.

    A program that wipes is looked at without its wipe, as `chipsmith estimate` has it.
    """
    subject = Subject(model=f"{program.manifest.network}.tosa", chip=CHIP_FILE, recipe=RECIPE)
    names = {row.name: row.source for row in program.manifest.operators if row.source}
    if program.manifest.wipe_start is None:
        advice = advise(graph, program, subject=subject, operator_names=names, volume=volume)
        return with_training(advice, graph, names, training)
    bare = compile_network(graph, program.chip, operator_names=names)
    wiping = wipe_cycles(program, simulate(program))
    advice = advise(graph, bare, subject=subject, operator_names=names, volume=volume)
    return replace(with_training(advice, graph, names, training), wipe_cycles=wiping)


def network_file(record: RunRecord) -> str:
    """The name of the file of a run's network."""
    return f"{record.network}.tosa"


def with_advice(record: RunRecord, folder: Path) -> RunRecord:
    """A run's record with its advice: where it has none, that of the folder's files, if they are as the run left them.

    A folder that has lost its network keeps its record as it is.
    """
    if record.advice is not None:
        return record
    try:
        network = read_run_network(folder, record)
        chip = read_chip(record.chip.yaml, origin=record.chip.name)
        program = compile_network(network.graph, chip, operator_names=network.operator_names)
    except (BadInput, OperatorRefused):
        return record
    volume, training = record.inference.cost.volume, read_run_training(folder)
    advice = advise_run(network.graph, program, volume=volume, training=training)
    return replace(record, advice=replace(advice, wipe_cycles=record.inference.latency.wipe_cycles))
