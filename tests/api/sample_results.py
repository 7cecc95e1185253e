"""Results of verbs that search, attack or ask for a quantum machine, with figures that are easy to tell."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from toy_compression import MIDDLE, SLOW, toy_compression

import chipsmith
from chipsmith.flow.audit import Audited
from chipsmith.flow.compress import Compressed
from chipsmith.learn.privacy.audit_record import AttackFigures, AuditRecord, AuditRow
from chipsmith.studies.search.study_file import parse_study
from chipsmith.witness.conformance.run import CaseResult, Conformance, Outcome

DIGITS = Path(__file__).parents[1] / "networks" / "digits_cnn.tosa"
ATTACK = AttackFigures(
    attack="LiRA",
    advantage=0.1,
    interval=(0.0, 0.2),
    true_rate_rare=0.02,
    true_interval_rare=(0.01, 0.03),
    false_rate_rare=0.01,
    false_interval_rare=(0.0, 0.02),
    least_epsilon=0.0,
    members=100,
    others=100,
)


def sample_results(folder: Path) -> Mapping[str, object]:
    """By the names of their verbs."""
    return {
        "compress": Compressed(result=toy_compression(SLOW, MIDDLE), folder=folder),
        "audit": Audited(record=sample_audit(), folder=folder),
        "search": small_search(folder),
        "predict": predicted(folder),
        "conformance": sample_conformance(),
    }


def small_search(folder: Path) -> object:
    """A search of four chips."""
    study = {
        "network": str(DIGITS),
        "space": {"chip": {"base": "edge-256", "tensor.rows": [8, 16], "vector.lanes": [8, 16]}},
        "objectives": {"energy_j": "minimise", "latency_s": "minimise"},
        "reference_point": {"energy_j": 1e-5, "latency_s": 1e-4},
        "sampler": "tpe",
        "trials": 4,
        "seeds": [0, 1],
        "verify": "none",
    }
    return chipsmith.search(parse_study(study, origin="a test"), out=folder / "search")


def predicted(folder: Path) -> object:
    """An answer to a flower, by the run beside."""
    flower = folder / "flower.csv"
    columns = [column.name for column in _columns(folder)]
    flower.write_text(f"{','.join(columns)}\n{','.join('1' for _ in columns)}\n")
    return chipsmith.predict(folder / "iris" / "iris.program", [flower])


def _columns(folder: Path):
    from chipsmith.learn.trained_file import read_training

    return read_training(folder / "iris" / "trained.safetensors").preprocessing.reader.columns


def sample_audit() -> AuditRecord:
    attacks = (ATTACK,)
    accuracies = {"source": (0.9,), "npu": (0.9,)}
    row = AuditRow(
        epsilon=1.0, spent=0.99, delta=1e-3, accuracies=accuracies, attacks={"source": attacks, "npu": attacks}
    )
    return AuditRecord(
        network="n",
        chip="c",
        examples=1000,
        shadows=16,
        seeds=(0,),
        control=attacks,
        control_accuracy=1.0,
        rows=(row,),
        outside=("the labels",),
        versions={},
    )


def sample_conformance() -> Conformance:
    outcomes = tuple(
        Outcome(operator="ADD", case=f"case {number}", result=CaseResult.PASSED, reason="") for number in range(99)
    )
    return Conformance(target="npu", chip=None, seed=None, sample=None, most_cycles=None, outcomes=outcomes)
