"""How verbs load a network: its calibration or random inputs, sizes that it leaves open, how it is quantised."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chipsmith.api.values import as_decibels, as_model
from chipsmith.errors import BadInput

if TYPE_CHECKING:
    from chipsmith.flow.calibration import AnyCalibration
    from chipsmith.frontends.calibration import CalibrationSource
    from chipsmith.frontends.options import LoadOptions
    from chipsmith.frontends.quantized_network import QuantizedNetwork
    from chipsmith.quantisation.settings import RangeMethod

QUANTISE = "quantise"
"""The name of the stage before the compiler's, whose plan can be printed as what these make."""
_ARRAY_SUFFIXES = (".npy", ".npz")
"""Files that the front ends read themselves."""


def load_network(
    model: object,
    calibration: "AnyCalibration | None",
    *,
    random_calibration: bool,
    options: "LoadOptions",
) -> "QuantizedNetwork":
    """The network that `model` names, is, or left: see as_model, then load_model and load_random of the front ends.

    `calibration` as resolve_calibration of `chipsmith.flow.calibration` takes it.
    """
    from chipsmith.frontends.registry import load_model, load_random

    model = as_model(model)
    if not random_calibration:
        return load_model(model, resolve_source(calibration, model, options), options)
    if calibration is not None:
        raise BadInput("--calibration and --random-calibration exclude each other: give one of the two")
    return load_random(model, options)


def describe_quantisation(network: "QuantizedNetwork") -> str:
    """The plan of a network that was quantised, as text. Raises BadInput where it came with an integer graph."""
    from chipsmith.quantisation.text import format_plan

    if network.quantisation is None:
        raise BadInput(f"'{network.graph.name}' came with its own integers: there is no plan to print after {QUANTISE}")
    return format_plan(network.quantisation.network, network.quantisation.plan)


def resolve_source(
    calibration: "AnyCalibration | None", model: object, options: "LoadOptions"
) -> "CalibrationSource | None":
    """A calibration as the front ends take it; see resolve_calibration of `chipsmith.flow.calibration`."""
    if calibration is None or (isinstance(calibration, str) and calibration.endswith(_ARRAY_SUFFIXES)):
        return calibration
    from chipsmith.flow.calibration import resolve_calibration
    from chipsmith.flow.live import find_calibration

    return resolve_calibration(find_calibration(calibration), model, options)


def read_options(*, shapes: Sequence[str], quantise: str, wide: Sequence[str], target_db: float) -> "LoadOptions":
    """LoadOptions of what a user writes: shapes as "name=1x3x224x224", a range method by name. Raises BadInput."""
    from chipsmith.frontends.options import LoadOptions
    from chipsmith.quantisation.settings import QuantisationSettings

    settings = QuantisationSettings(
        method=_read_method(quantise), wide=tuple(wide), target_db=as_decibels(target_db, "--target-db")
    )
    return LoadOptions(shapes=dict(map(_read_shape, shapes)), quantisation=settings)


def _read_method(name: str) -> "RangeMethod":
    from chipsmith.quantisation.settings import RangeMethod
    from chipsmith.suggest import nearest_at_end

    try:
        return RangeMethod(name)
    except ValueError:
        hint = nearest_at_end(name, RangeMethod)
        raise BadInput(f"there is no way '{name}' to choose ranges; there are {', '.join(RangeMethod)}{hint}") from None


def _read_shape(text: str) -> tuple[str, tuple[int, ...]]:
    name, separator, sizes = text.rpartition("=")
    parts = sizes.split("x") if sizes else []
    if not (separator and name and all(part.isdecimal() and 0 < int(part) < 1 << 31 for part in parts)):
        raise BadInput(f"a shape is written as name=1x3x224x224, and '{text}' is given")
    return name, tuple(map(int, parts))
