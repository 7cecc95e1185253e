"""The verb of the generations: the same networks on one core, many, GPUs, dedicated chips and quantum circuits."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from chipsmith.api.adopt import adopt_networks
from chipsmith.api.choices import words_in
from chipsmith.api.forms import AllowedFunctions, AnyPath, Calibration, ShowProgress
from chipsmith.api.parameter import Argument, Option
from chipsmith.api.values import as_named_network, as_path, as_progress
from chipsmith.api.verb import Verb
from chipsmith.console import generations as console
from chipsmith.console.suggestions import suggest_compared

if TYPE_CHECKING:
    from chipsmith.api.forms import AnyModel
    from chipsmith.flow.generations import GenerationsResult


def generations(
    networks: Annotated[
        Sequence["str | AnyModel"],
        Argument(
            metavar="NETWORK...",
            help="image, keyword, person, anomaly (MLPerf Tiny), a recipe, a run folder or a file; default these and "
            "digits.",
            suggest=suggest_compared,
            adopt=adopt_networks,
        ),
    ] = (),
    *,
    systems: Annotated[
        Sequence[str],
        Option(
            flags=("--system",),
            metavar="GROUP",
            choices=words_in("chipsmith.flow.generations", "SystemGroup"),
            help="published, cpu, gpu, c, boards, chips or quantum; repeatable; default all.",
        ),
    ] = (),
    lang: Annotated[
        str,
        Option(
            metavar="CODE",
            help="The language of the page and of the table: en or zh.",
            choices=words_in("chipsmith.systems.texts.languages", "Language"),
        ),
    ] = "en",
    calibration: Calibration = None,
    allow: AllowedFunctions = (),
    record: Annotated[AnyPath | None, Option(help="Write this computer's measured rows to a file.")] = None,
    others: Annotated[
        Sequence[AnyPath],
        Option(flags=("--with",), metavar="FILE", help="Show the rows that another computer recorded; repeatable."),
    ] = (),
    out: Annotated[AnyPath, Option(flags=("--out", "-o"), help="The page to write.")] = "runs/generations.html",
    progress: ShowProgress = None,
) -> "GenerationsResult":
    """Put the generations of hardware side by side: the same networks on each, in one table and on one page.

    `networks` are those of MLPerf Tiny by name (their files are looked for in $CHIPSMITH_DATA/mlperf_tiny), recipes,
    run folders, or files as `compile` takes them; a float file takes `calibration`, and random inputs without it. What
    `run` or `train` returned stands for its folder; modules, Graphs and QuantizedNetworks are taken as they are.
    A function that a recipe's file or a run folder names is code and runs only where `allow` names it too.
    `systems` chooses where rows come from: published measurements, this computer's processor and GPU, C on this
    computer and on emulated boards, Chipsmith's own chips, quantum circuits. What cannot be had here is left out with
    the reason. `record` keeps what this computer measured for another's page, which takes it by `others` (`--with`).
    The page goes to `out`, in the language `lang`.

    Raises BadInput where something that was asked for is not there, or a record is not whole.
    """
    from pathlib import Path

    from chipsmith.flow.generation_networks import DEFAULT_NETWORKS
    from chipsmith.flow.generations import GenerationsRequest, compare_generations, read_groups, read_language

    request = GenerationsRequest(
        networks=tuple(map(as_named_network, networks)) or DEFAULT_NETWORKS,
        groups=read_groups(systems),
        language=read_language(lang),
        calibration=calibration,
        records=tuple(Path(file) for file in others),
        record=as_path(record),
        page=Path(out),
        allow=tuple(allow),
    )
    return compare_generations(request, as_progress(progress))


GENERATION_VERBS = (Verb(function=generations, present=console.present_generations),)
