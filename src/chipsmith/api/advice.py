"""The verb that says why an inference takes what it takes, and what would help: explain."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Union

from chipsmith.api.adopt import adopt_run, adopt_settings
from chipsmith.api.forms import (
    AnyPath,
    Calibration,
    ChipSettings,
    Quantise,
    RandomCalibration,
    Shapes,
    TargetDb,
    Volume,
    WideLayers,
)
from chipsmith.api.loading import load_network, read_options
from chipsmith.api.parameter import Argument, Option
from chipsmith.api.values import as_chip, as_own_program, as_path, as_program, as_volume
from chipsmith.api.verb import Verb
from chipsmith.console import advice as console
from chipsmith.console.suggestions import suggest_chips, suggest_explained, suggest_layers
from chipsmith.errors import BadInput

if TYPE_CHECKING:
    import torch

    from chipsmith.chip import Chip
    from chipsmith.flow.explain import Explanation
    from chipsmith.flow.results import RunResult
    from chipsmith.program.program import Program
    from chipsmith.studies.advice.record import Subject

_DEFAULT_CHIP = "edge-256"
_PROGRAM_SUFFIX = ".program"


def explain(
    model: Annotated[
        Union[AnyPath, "torch.nn.Module", "Program", "RunResult"],
        Argument(
            metavar="MODEL|P.program|RUN",
            help="A network as `estimate` takes it, what `compile` wrote, or the folder or name of a run.",
            suggest=suggest_explained,
            adopt=adopt_run,
        ),
    ],
    *,
    chip: Annotated[
        "str | Chip | None",
        Option(
            flags=("--chip",),
            help="A chip, or a YAML file; default edge-256, or the chip of a run.",
            suggest=suggest_chips,
        ),
    ] = None,
    settings: ChipSettings = (),
    channels: Annotated[
        Sequence[str],
        Option(
            flags=("--channels",),
            metavar="LAYER=COUNT",
            help="Look at the network with so many output channels in a convolution; repeatable.",
            adopt=adopt_settings,
            suggest_for=suggest_layers,
        ),
    ] = (),
    calibration: Calibration = None,
    random_calibration: RandomCalibration = False,
    shapes: Shapes = (),
    quantise: Quantise = "auto",
    wide: WideLayers = (),
    target_db: TargetDb = 20.0,
    volume: Volume = 1_000_000,
    html: Annotated[AnyPath | None, Option(metavar="PAGE.html", help="The page to write.")] = None,
    output: Annotated[
        AnyPath | None, Option(flags=("--output", "-o"), help="The .tosa file to write, with --channels.")
    ] = None,
) -> "Explanation":
    """Say why an inference takes what it takes, and what would help: each gain is simulated.

    `model` is a network, as `estimate` takes it and with the same arguments; a program, its file or what `compile` or
    `simulate` returned, of which the diagnosis alone is given; or the folder of a run, whose network and chip are
    looked at. The diagnosis says where time, energy and bytes go, cold and warm, and what bounds each layer, by the
    critical path of the simulated inference. Then fields of the chip, channels of the heaviest layers and the other
    chips of the catalogue are changed, compiled and simulated: those that lower a figure by more than 2 % are named
    with all figures before and after and the command that repeats them. A changed chip is no faster than its estimated
    fastest clock.

    `channels` looks at the network with other output channels of some convolutions, as "conv1=32", by the name of the
    operator or its author's: the form of a pruned network, whose answers are worth nothing before it is trained;
    `output` is written with that network. `html` is a page of all of it. `volume` is as for `estimate`.

    Raises BadInput for what is missing or does not fit, OperatorRefused for what the chip cannot do.
    """
    from chipsmith.flow.results import RunResult

    page, written = as_path(html), as_path(output)
    if written is not None and written.suffix != ".tosa":
        raise BadInput(f"--output {written}: a network is written as a .tosa file")
    subject = _name_subject(model, chip, settings, channels)
    folder = model.folder if isinstance(model, RunResult) else _folder_of(model)
    program = model if _is_program(model) else as_own_program(model)
    if program is not None:
        _refuse_for_program(chip=chip, settings=settings, channels=channels, output=output)
        explanation = _explain_program(program, volume)
    elif folder is not None:
        explanation = _explain_folder(folder, chip, settings, channels, subject)
    else:
        options = read_options(shapes=shapes, quantise=quantise, wide=wide, target_db=target_db)
        network = load_network(model, calibration, random_calibration=random_calibration, options=options)
        words = _option_words(calibration, random_calibration, shapes, quantise, wide, target_db)
        explanation = _explain_model(network, chip, settings, channels, _with_options(subject, words), volume)
    return _write(explanation, page=page, network=written)


def _folder_of(model: Any) -> Path | None:
    import os

    return Path(model) if isinstance(model, str | os.PathLike) and Path(model).is_dir() else None


def _is_program(model: Any) -> bool:
    import os

    return isinstance(model, str | os.PathLike) and Path(model).suffix == _PROGRAM_SUFFIX


def _refuse_for_program(**given: object) -> None:
    """A program is what it is: its chip and its network are in it."""
    named = next((name for name, value in given.items() if value), None)
    if named is not None:
        option = {"settings": "set"}.get(named, named)
        raise BadInput(f"--{option} needs the network: a program is compiled for its chip already; give the model")


def _explain_program(program: Any, volume: int) -> "Explanation":
    from chipsmith.flow.explain import explain_program

    return explain_program(as_program(program, None, None), volume=as_volume(volume))


def _explain_folder(
    folder: Path, chip: "str | Chip | None", settings: Sequence[str], channels: Sequence[str], subject: "Subject"
) -> "Explanation":
    from chipsmith.chip import read_chip
    from chipsmith.flow.explain import explain_run
    from chipsmith.flow.run_files import RESULT
    from chipsmith.flow.run_folder import read_run
    from chipsmith.reports.record import RunRecord

    target: Chip | None = None if chip is None else as_chip(chip, settings)
    if chip is None and settings:
        record = read_run(folder)
        if isinstance(record, RunRecord):
            target = as_chip(read_chip(record.chip.yaml, origin=str(folder / RESULT)), settings)
    return explain_run(folder, target, subject=subject, channels=channels)


def _explain_model(
    network: Any,
    chip: "str | Chip | None",
    settings: Sequence[str],
    channels: Sequence[str],
    subject: "Subject",
    volume: int,
) -> "Explanation":
    from chipsmith.flow.explain import explain_network

    target = as_chip(_DEFAULT_CHIP if chip is None else chip, settings)
    return explain_network(network, target, subject=subject, channels=channels, volume=as_volume(volume))


def _name_subject(model: Any, chip: "str | Chip | None", settings: Sequence[str], channels: Sequence[str]) -> "Subject":
    """What was looked at in the words of a command; those of a run's folder are its files."""
    import os

    from chipsmith.studies.advice.record import Subject

    folder = _folder_of(model)
    named = str(model) if isinstance(model, str | os.PathLike) and folder is None else ""
    on = (_DEFAULT_CHIP if named else "") if chip is None else chip if isinstance(chip, str) else ""
    return Subject(model=named, chip=on, settings=tuple(settings), channels=tuple(channels))


def _option_words(
    calibration: object,
    random_calibration: bool,
    shapes: Sequence[str],
    quantise: str,
    wide: Sequence[str],
    target_db: float,
) -> tuple[str, ...] | None:
    """The options that say how a network is read, in words; None where no command can say them."""
    import os

    if calibration is not None and not isinstance(calibration, str | os.PathLike):
        return None
    words = [] if calibration is None else ["--calibration", str(calibration)]
    words += ["--random-calibration"] if random_calibration else []
    words += [word for shape in shapes for word in ("--shape", shape)]
    words += [] if quantise == "auto" else ["--quantise", quantise]
    words += [word for layer in wide for word in ("--wide", layer)]
    words += [] if target_db == _TARGET_DB else ["--target-db", f"{target_db:g}"]
    return tuple(words)


_TARGET_DB = 20.0


def _with_options(subject: "Subject", words: tuple[str, ...] | None) -> "Subject":
    from dataclasses import replace

    return replace(subject, model="") if words is None else replace(subject, options=words)


def _write(explanation: "Explanation", *, page: Path | None, network: Path | None) -> "Explanation":
    """Write the page and the network that were asked for."""
    from dataclasses import replace

    if network is not None and explanation.graph is not None:
        from chipsmith.files import write_whole
        from chipsmith.tosa.file import serialize_tosa

        write_whole(network, serialize_tosa(explanation.graph, operator_names=explanation.operator_names))
    if page is not None:
        from chipsmith.profile.measure import full_profile
        from chipsmith.reports.advice_page import write_advice_page

        write_advice_page(explanation.advice, full_profile(explanation.program), page)
    return replace(explanation, page=page, network=network)


ADVICE_VERBS = (Verb(function=explain, present=console.present_explanation),)
