"""The author's unchanged network beside the compiled program: every network right, or said to be wrong."""

from __future__ import annotations

from dataclasses import replace

from chipsmith.errors import ChipsmithError
from chipsmith.frontends.quantized_network import Arithmetic, FrameworkModel, QuantizedNetwork
from chipsmith.targets.target import PreparedNetwork
from chipsmith.tosa.graph import Array
from chipsmith.witness.check.inputs import CheckInputs, choose_inputs
from chipsmith.witness.check.layers import find_first_layer_off
from chipsmith.witness.check.outputs import OutputCheck, compare_outputs
from chipsmith.witness.check.store import keep_check, load_check, name_check
from chipsmith.witness.check.verdict import RANDOM, SourceCheck


def check_network(
    network: QuantizedNetwork, chip: PreparedNetwork, *, model: str, floor: float, random_calibration: bool = False
) -> SourceCheck | None:
    """What `chip`, the network on a chip, gives for the same inputs as the author's network that `model` names.

    `floor` is in dB. None where the network has no source. A network that was checked before, with the same source,
    calibration, graph and versions, for this chip or another, is not run again. Raises BadInput as choose_inputs does.
    """
    if network.source is None:
        return None
    inputs = choose_inputs(network)
    if random_calibration:
        inputs = replace(inputs, kind=RANDOM)
    key = name_check(network, inputs, model=model, floor=floor)
    kept = None if key is None else load_check(key)
    if kept is not None:
        return kept
    check = _run(network, network.source, chip, inputs, model=model, floor=floor)
    if key is not None and not check.fault:
        keep_check(key, check)
    return check


def _run(
    network: QuantizedNetwork,
    source: FrameworkModel,
    chip: PreparedNetwork,
    inputs: CheckInputs,
    *,
    model: str,
    floor: float,
) -> SourceCheck:
    check = SourceCheck(
        source=f"{source.framework} on {model}",
        arithmetic=network.arithmetic,
        inputs=inputs.count,
        inputs_kind=inputs.kind,
        floor=floor,
        other_roundings=network.other_roundings,
        outputs=(),
    )
    try:
        expected = source.run(*inputs.arrays)
    except ChipsmithError as error:
        return replace(check, fault=f"the source itself does not run: {error}")
    outputs = chip.run(*inputs.arrays)
    if len(expected) != len(outputs):
        return replace(check, fault=f"the source has {len(expected)} outputs, the program {len(outputs)}")
    check = replace(check, outputs=_compare_all(network, expected, outputs))
    if check.exact or (check.right and network.arithmetic is not Arithmetic.INTEGER):
        return check
    return replace(check, first_layer_off=find_first_layer_off(network, inputs.arrays, floor=floor))


def _compare_all(
    network: QuantizedNetwork, expected: tuple[Array, ...], outputs: tuple[Array, ...]
) -> tuple[OutputCheck, ...]:
    scales = {binding.position: binding.scale for binding in network.computed_outputs}
    shapes = {tensor.shape for tensor in network.author_inputs}
    triples = zip(network.author_outputs, expected, outputs, strict=True)
    return tuple(
        compare_outputs(
            tensor.name,
            exact,
            rough,
            arithmetic=network.arithmetic,
            scale=scales.get(position),
            rebuilt=tensor.shape in shapes,
        )
        for position, (tensor, exact, rough) in enumerate(triples)
    )
