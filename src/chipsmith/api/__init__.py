"""The verbs: what Chipsmith does, each a function of the package `chipsmith` and a command of the same name.

    run                                                 from raw data to a chip in one go
    check_data                                          a recipe's data, looked at before anything is trained on them
    train  compress                                     from a recipe: a network, a smaller network
    compile  simulate  predict  judge  estimate  diff   a network or its Program on a chip
    explain                                             why it takes what it takes, and what would help
    stream  tune                                        a program that listens, and when it notices a word
    audit                                               what a network tells of those it was trained on
    deploy                                              a network as C for a device without an NPU
    kernel                                              a single layer: on chips, under their roof, and on this computer
    scale                                               how it scales with batch, threads and the chip
    keygen  sign  verify                                who vouches for a program, and whether it is theirs
    cosim  rtl  synth                                   the chip's RTL: beside the simulators, to take away, in cells
    power                                               the energy of an inference at the gates
    generations                                         the same networks on one core, many, GPUs, chips, quantum
    report  runs  compare                               what a run left, all runs side by side, what differs in some
    recipes  chips  ops  conformance  doctor            what there is, whether it is right
    bom                                                 what it is made of
    mcp                                                 all of these for an agent

A verb stands once: its function, with how a command takes each parameter, and its row at the end of its file. From
the rows come the commands, their completion by the shell, `chipsmith.__all__` and the tables of docs/commands.md.

Nothing heavy is imported here: each function imports what it uses.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from chipsmith.api.agents import AGENT_VERBS
from chipsmith.api.table import WORK_VERBS
from chipsmith.api.verb import AnyVerb

if TYPE_CHECKING:  # the verbs' signatures for type checkers, without a second list of names
    from chipsmith.api.advice import *  # noqa: F403
    from chipsmith.api.agents import *  # noqa: F403
    from chipsmith.api.data import *  # noqa: F403
    from chipsmith.api.deploy import *  # noqa: F403
    from chipsmith.api.generations import *  # noqa: F403
    from chipsmith.api.inventory import *  # noqa: F403
    from chipsmith.api.jobs import *  # noqa: F403
    from chipsmith.api.kernels import *  # noqa: F403
    from chipsmith.api.machines import *  # noqa: F403
    from chipsmith.api.power import *  # noqa: F403
    from chipsmith.api.privacy import *  # noqa: F403
    from chipsmith.api.programs import *  # noqa: F403
    from chipsmith.api.runs import *  # noqa: F403
    from chipsmith.api.scaling import *  # noqa: F403
    from chipsmith.api.search import *  # noqa: F403
    from chipsmith.api.signatures import *  # noqa: F403
    from chipsmith.api.stream import *  # noqa: F403

VERBS: Mapping[str, AnyVerb] = WORK_VERBS | {verb.name: verb for verb in AGENT_VERBS}
"""All verbs by name, in the order in which the command line lists them."""
