"""The verb of scalability: scale."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from chipsmith.api.forms import (
    AnyPath,
    Calibration,
    ChipOption,
    ChipSettings,
    Model,
    Quantise,
    RandomCalibration,
    Shapes,
    TargetDb,
    WideLayers,
)
from chipsmith.api.loading import load_network, read_options
from chipsmith.api.parameter import Option
from chipsmith.api.values import as_chip, as_path
from chipsmith.api.verb import Verb
from chipsmith.console import scaling as console
from chipsmith.console.choices import suggest_scaling_axes

if TYPE_CHECKING:
    from chipsmith.studies.scaling.curve import Scaling

_AXES = ("batch", "threads", "array", "lanes", "memory", "bus")


def scale(
    model: Model,
    *,
    over: Annotated[
        Sequence[str],
        Option(
            separator=",",
            help="What grows: batch, threads, array, lanes, memory, bus; separated by commas.",
            suggest=suggest_scaling_axes,
        ),
    ] = _AXES,
    chip: ChipOption = "edge-256",
    settings: ChipSettings = (),
    calibration: Calibration = None,
    random_calibration: RandomCalibration = False,
    shapes: Shapes = (),
    quantise: Quantise = "auto",
    wide: WideLayers = (),
    target_db: TargetDb = 20.0,
    batches: Annotated[
        Sequence[str], Option(flags=("--batch",), separator=",", help="Inferences at once, separated by commas.")
    ] = ("1", "2", "4", "8", "16"),
    inferences: Annotated[int, Option(help="Warm inferences that are timed for each number of threads.")] = 100,
    html: Annotated[AnyPath | None, Option(metavar="FILE", help="The page to write.")] = None,
) -> "Scaling":
    """Time a network over batch, threads and the size of the chip, and say where more stops helping, and why.

    `over` names what grows: the batch, on a chip that stays as it is, as a program of that batch; threads of this
    computer, measured; and of the chip, all else fixed, the array, the vector lanes, the on-chip memory, the external
    bus, from a quarter to four times what it has, simulated to the cycle. Each curve has its knee, from which on a
    doubling helps by less than 1.2 times, and what binds there, by doubling each resource in turn. The first batch of
    several is executed too and compared with its inferences one by one. The other arguments are as for `compile`; a
    page goes to `html`, if given. What cannot be scaled is left out with the reason.

    Raises BadInput for what is missing or illegal, OperatorRefused for what the chip cannot do.
    """
    from chipsmith.flow.arrays import check_folder
    from chipsmith.reports.scaling import write_scaling_page
    from chipsmith.studies.scaling.axes import parse_axes
    from chipsmith.studies.scaling.scale import parse_batches, scale_network

    axes, sizes, target, path = parse_axes(over), parse_batches(batches), as_chip(chip, settings), as_path(html)
    if path is not None:
        check_folder(path)
    options = read_options(shapes=shapes, quantise=quantise, wide=wide, target_db=target_db)
    network = load_network(model, calibration, random_calibration=random_calibration, options=options)
    result = scale_network(network, target, axes, batches=sizes, inferences=inferences)
    if path is not None:
        write_scaling_page(result, path)
    return result


SCALING_VERBS = (
    Verb(function=scale, present=console.present_scaling, fails="a batch differs from its inferences one by one"),
)
