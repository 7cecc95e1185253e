"""The verb of searched designs: search."""

from typing import TYPE_CHECKING, Annotated, Union

from chipsmith.api.forms import AllowedFunctions, AnyPath, ShowProgress
from chipsmith.api.parameter import Argument, Option
from chipsmith.api.values import as_path, as_progress
from chipsmith.api.verb import Schema, Verb
from chipsmith.console import search as console
from chipsmith.errors import BadInput
from chipsmith.schema import Json

if TYPE_CHECKING:
    from chipsmith.flow.search import Searched
    from chipsmith.studies.search.study_file import SearchStudy


def _study_schema() -> Json:
    from chipsmith.studies.search.study_file import study_schema

    return study_schema()


def search(
    study: Annotated[Union[AnyPath, "SearchStudy"], Argument(metavar="STUDY.yaml", help="A study file.")],
    *,
    trials: Annotated[int | None, Option(help="Legal designs that each seed looks at; default the study's.")] = None,
    workers: Annotated[int | None, Option(help="Processes that score pairs; default 1, this one.")] = None,
    scheduler: Annotated[
        str | None, Option(metavar="ADDRESS", help="Workers of dask instead, as tcp://host:8786.")
    ] = None,
    storage: Annotated[str | None, Option(metavar="URL|FILE", help="Optuna's storage to copy trials to.")] = None,
    resume: Annotated[bool, Option(help="Go on with a search that was interrupted.")] = False,
    out: Annotated[AnyPath | None, Option(help="The folder; default runs/search-STUDY.")] = None,
    html: Annotated[AnyPath | None, Option(metavar="PAGE", help="The page to write.")] = None,
    export: Annotated[
        tuple[str, AnyPath] | None,
        Option(metavar="DESIGN FOLDER", help="Hand a design over, winner or front-N: a new folder, with a verify.sh."),
    ] = None,
    allow: AllowedFunctions = (),
    progress: ShowProgress = None,
) -> "Searched":
    """Search networks and chips that fit each other within budgets, each pair compiled, simulated and priced.

    `study` is a YAML file (`--schema` prints its form) or a SearchStudy: networks, given or trained by recipes, what
    varies of chip, network and compiler, objectives, budgets, a sampler, `trials` and seeds. Every seed looks at so
    many legal designs, by the sampler and, beside it, by random search. Structures of a network share the weights of a
    supernet, which is trained once; the best are then trained in full with several seeds. The result has the front, the
    winner with all steps of one parameter around it, which budgets bind, and the hypervolume over trials of both
    samplers with intervals over seeds. Each scored pair goes to the folder `out` (default runs/search-NAME) at once:
    with `resume` a search that was killed, or asks for more trials in the same space, goes on. `workers` processes
    score the pairs of a batch, or those of a running `scheduler` of dask: the result is the same. Trials are copied to
    an Optuna `storage` while the search runs, a database's URL or a journal file. A page goes to `html`, if given.
    `export`, as ("winner", "folder") or ("front-0", "folder"), writes a design into a new folder: chip, networks,
    programs, RTL with golden vectors and driver, what is claimed, and verify.sh, which derives the claims again.

    A function that a recipe of the study names is code and runs only where `allow` names it.

    Budgets that no design meets are no exception: see `Searched.failure`. Raises BadInput and OperatorRefused.
    """
    from pathlib import Path

    from chipsmith.flow.arrays import check_folder
    from chipsmith.flow.handover.export import check_export, export_design
    from chipsmith.flow.search import search_designs
    from chipsmith.reports.search import write_search_page
    from chipsmith.studies.search.study_file import SearchStudy, parse_study, read_study

    if workers is not None and scheduler is not None:
        raise BadInput("workers are those of the scheduler where one is given: leave --workers or --scheduler out")
    if workers is not None and workers < 1:
        raise BadInput(f"workers is 1 or more; {workers} is given")
    named = study if isinstance(study, SearchStudy) else read_study(Path(study))
    name = "study" if isinstance(study, SearchStudy) else Path(study).stem
    if trials is not None:
        named = parse_study({**named.model_dump(), "trials": trials}, origin=name)
    page = as_path(html)
    if page is not None:
        check_folder(page)
    if export is not None:
        check_export(export[0], Path(export[1]))
    result = search_designs(
        named,
        name=name,
        out=as_path(out),
        workers=workers or 1,
        scheduler=scheduler or "",
        storage=storage or "",
        resume=resume,
        progress=as_progress(progress),
        allow=allow,
    )
    if page is not None:
        write_search_page(result.result, page, folder=result.folder)
    if export is not None and not result.failure:
        export_design(result, named, export[0], Path(export[1]), as_progress(progress))
        as_progress(progress).tell(f"{export[0]} is handed over in {export[1]}: sh {export[1]}/verify.sh LIBERTY SRAM")
    return result


SEARCH_VERBS = (
    Verb(
        function=search,
        present=console.present_search,
        fails="no design is within the budgets",
        verbose=console.CHANGES,
        schema=Schema(of="a study file", read=_study_schema),
    ),
)
