"""The noun SourceCheck: what became of the outputs of a network, and the verdict."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from chipsmith.frontends.quantized_network import Arithmetic
from chipsmith.schema import Json
from chipsmith.shown import Shown
from chipsmith.witness.check.layers import LayerOff
from chipsmith.witness.check.outputs import OutputCheck

FLOOR_DB = 20.0
"""A float network whose output has less signal to noise is wrong."""
_SAME_DECISIONS = 0.8
"""An output that a float network decides (an index, a comparison) is wrong where fewer values are the same."""
RANDOM = "RANDOM calibration"
"""The kind of inputs of a network whose ranges were chosen on random ones."""


@dataclass(frozen=True, kw_only=True)
class SourceCheck(Shown):
    """The compiled program against the author's unchanged network, input to output.

    `source` is the framework and the network, `arithmetic` what the source computes in. `inputs` batches of inputs were
    compared, `inputs_kind` says which. `floor` is the least signal to noise, in dB, of an output of a network in
    floating point; of one in integers `other_roundings` has the operators, by their author's names, that may bring one
    step each, for TOSA rounds them otherwise. `outputs` are the author's, in the author's order. `fault` says why the
    network as a whole cannot be compared; empty where it can. `first_layer_off` is where a wrong result begins, if that
    is known; in integers any difference has to begin with one of `other_roundings`.
    """

    source: str
    arithmetic: Arithmetic
    inputs: int
    inputs_kind: str
    floor: float
    other_roundings: Mapping[str, str]
    outputs: tuple[OutputCheck, ...]
    first_layer_off: LayerOff | None = None
    fault: str = ""

    def _brief(self) -> str:
        told = "exact" if self.exact else "right" if self.right else "WRONG"
        return f"{told} against {self.source}, {self.inputs} inputs ({self.inputs_kind})"

    @property
    def exact(self) -> bool:
        """Whether no value differs."""
        return not self.fault and not any(output.fault or output.differing for output in self.outputs)

    @property
    def right(self) -> bool:
        """Whether every output is as near to the source's as it has to be."""
        near = all(self.accepts(output) for output in self.outputs)
        return near and self.first_layer_off is None and not self.fault

    def accepts(self, output: OutputCheck) -> bool:
        """Whether an output is as near to the source's as it has to be."""
        if output.fault:
            return False
        if self.arithmetic is Arithmetic.INTEGER:
            steps = output.differing if output.largest_step is None else round(output.largest_step)
            return steps <= len(self.other_roundings)
        if output.sqnr_db is not None:
            return output.sqnr_db >= self.floor
        if output.top1_agreement is not None:
            return output.top1_agreement >= _SAME_DECISIONS
        return output.differing == 0 or (output.largest_step is not None and output.largest_step <= 1)

    @property
    def verdict(self) -> str:
        """`right` or `wrong`; of ranges that were chosen on random inputs it says so."""
        word = "right" if self.right else "wrong"
        return f"{word} ({RANDOM})" if self.inputs_kind == RANDOM else word

    def to_json(self) -> Json:
        """The object `check` of a command's JSON."""
        layer = self.first_layer_off
        return {
            "source": self.source,
            "arithmetic": self.arithmetic.value,
            "inputs": self.inputs,
            "inputs_kind": self.inputs_kind,
            "floor_db": self.floor,
            "other_roundings": dict(self.other_roundings),
            "outputs": [dataclasses.asdict(output) for output in self.outputs],
            "first_layer_off": None if layer is None else dataclasses.asdict(layer),
            "fault": self.fault,
            "verdict": self.verdict,
        }


def parse_check(plain: Json) -> SourceCheck:
    """What to_json gave. Raises KeyError, TypeError or ValueError for anything else."""
    from pydantic import TypeAdapter

    fields = {**plain, "floor": plain["floor_db"]}
    return TypeAdapter(SourceCheck).validate_python(fields)
