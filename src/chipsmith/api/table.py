"""The table of verbs: the rows of all files, in the order of the command line."""

from chipsmith.api.advice import ADVICE_VERBS
from chipsmith.api.data import DATA_VERBS
from chipsmith.api.deploy import DEPLOY_VERBS
from chipsmith.api.generations import GENERATION_VERBS
from chipsmith.api.inventory import INVENTORY_VERBS
from chipsmith.api.jobs import JOB_VERBS
from chipsmith.api.kernels import KERNEL_VERBS
from chipsmith.api.machines import MACHINE_VERBS
from chipsmith.api.power import POWER_VERBS
from chipsmith.api.privacy import PRIVACY_VERBS
from chipsmith.api.programs import PROGRAM_VERBS
from chipsmith.api.runs import RUNS_VERBS
from chipsmith.api.scaling import SCALING_VERBS
from chipsmith.api.search import SEARCH_VERBS
from chipsmith.api.signatures import SIGNATURE_VERBS
from chipsmith.api.stream import STREAM_VERBS
from chipsmith.api.verb import AnyVerb

WORK_VERBS: dict[str, AnyVerb] = {
    verb.name: verb
    for verb in (
        *JOB_VERBS,
        *RUNS_VERBS,
        *DATA_VERBS,
        *PRIVACY_VERBS,
        *PROGRAM_VERBS,
        *STREAM_VERBS,
        *ADVICE_VERBS,
        *DEPLOY_VERBS,
        *KERNEL_VERBS,
        *SCALING_VERBS,
        *SEARCH_VERBS,
        *SIGNATURE_VERBS,
        *MACHINE_VERBS,
        *POWER_VERBS,
        *GENERATION_VERBS,
        *INVENTORY_VERBS,
    )
}
"""All verbs but those that serve them, by name, in the order in which the command line lists them."""
