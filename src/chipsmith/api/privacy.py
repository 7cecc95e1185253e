"""The verb of privacy: audit."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from chipsmith.api.forms import (
    AllowedFunctions,
    AnyPath,
    ChipInstead,
    JobSettings,
    OwnNetwork,
    RecipeArgument,
    Seed,
    ShowProgress,
)
from chipsmith.api.parameter import Option
from chipsmith.api.values import as_chip, as_path, as_progress, as_recipe_name
from chipsmith.api.verb import Verb
from chipsmith.console import privacy as console

if TYPE_CHECKING:
    from chipsmith.flow.audit import Audited


def audit(
    recipe: RecipeArgument = "digits_private",
    *,
    epsilons: Annotated[
        Sequence[str],
        Option(
            flags=("--epsilon",),
            separator=",",
            help="Budgets to train at, separated by commas; none: without privacy; default the recipe's own.",
        ),
    ] = (),
    shadows: Annotated[int, Option(help="Networks that the attacker trains.")] = 16,
    seeds: Annotated[int, Option(help="Trainings of each budget, for the accuracy.")] = 1,
    chip: ChipInstead = None,
    settings: JobSettings = (),
    network: OwnNetwork = None,
    allow: AllowedFunctions = (),
    seed: Seed = None,
    out: Annotated[AnyPath | None, Option(help="The folder; default runs/audit-RECIPE-SEED.")] = None,
    progress: ShowProgress = None,
) -> "Audited":
    """Attack a recipe's network as one who wants to know whom it was trained on, in float and on the chip.

    For each of `epsilons` ("8", "none": without privacy; default the recipe's own) the network is trained with each of
    `seeds`, quantised, executed on the chip and judged on the test part. The first seed's is attacked by a loss
    threshold and by LiRA, with `shadows` further networks, each trained on other examples: true minus false positives,
    true ones at 1 % false alarms, and the epsilon that these need, with intervals, beside the epsilon that is claimed.
    The same is done to a network that is overfitted on purpose: where that is not seen, the audit is blind. The folder
    `out` (default runs/audit-NAME-SEED) gets audit.json and audit.html; what is finished stays there, and the same call
    goes on after an interruption. The other arguments are as for `run`.

    An audit looks at the training examples as they are: its figures and its folder are outside of the promise. A blind
    audit, and an attack that obtains more than is claimed, are no exceptions: see `Audited.failure`. Raises BadInput.
    """
    from chipsmith.flow.audit import AuditRequest, audit_in, parse_epsilons
    from chipsmith.flow.run_folder import choose_folder
    from chipsmith.flow.training import read_job, require_chip

    job, chip_settings = read_job(as_recipe_name(recipe), settings=settings, network=network, seed=seed, allow=allow)
    target = as_chip(chip or require_chip(job, verb="audit"), chip_settings)
    request = AuditRequest(epsilons=parse_epsilons(epsilons, job), shadows=shadows, seeds=seeds)
    folder = choose_folder(as_path(out), f"audit-{job.name}-{job.seed}")
    return audit_in(folder, job, target, request, progress=as_progress(progress))


PRIVACY_VERBS = (
    Verb(
        function=audit,
        present=console.present_audit,
        fails="the audit is blind, or an attack obtains more than the epsilon that is claimed",
    ),
)
