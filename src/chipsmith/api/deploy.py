"""The verb of deployment: deploy."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chipsmith.api.forms import (
    AnyPath,
    Calibration,
    Floor,
    Model,
    Quantise,
    RandomCalibration,
    RequiredSignature,
    Shapes,
    TargetDb,
    WideLayers,
    WithoutCheck,
)
from chipsmith.api.loading import load_network, read_options
from chipsmith.api.parameter import Option
from chipsmith.api.values import as_decibels, as_deployable, as_genuine_model
from chipsmith.api.verb import Verb
from chipsmith.console import deploy as console
from chipsmith.console.choices import suggest_sources
from chipsmith.errors import BadInput

if TYPE_CHECKING:
    from chipsmith.deployment.firmware.result import Firmware

_TARGETS = ("c",)


def deploy(
    model: Model,
    *,
    target: Annotated[str, Option(help="What the sources are: c, portable C11.", suggest=suggest_sources)] = "c",
    output: Annotated[AnyPath, Option(flags=("--output", "-o"), help="The folder to write.")],
    name: Annotated[str, Option(help="What files and names in C begin with.")] = "network",
    calibration: Calibration = None,
    random_calibration: RandomCalibration = False,
    shapes: Shapes = (),
    quantise: Quantise = "auto",
    wide: WideLayers = (),
    target_db: TargetDb = 20.0,
    floor: Floor = 20.0,
    no_check: WithoutCheck = False,
    require_signature: RequiredSignature = None,
) -> "Firmware":
    """Leave a network as C sources with a test, a Makefile, and its flash and RAM in bytes.

    The folder `output` gets the network in integers, `NAME_predict` from the author's inputs to the author's outputs,
    an example that is a test, what builds and runs it on this computer and on emulated boards, and a page. Before it is
    written the test is compiled and run by the compilers of this computer, and predict on those boards whose tools are
    there: its outputs are those of the reference to the bit, its instructions, flash and RAM are in the result. A
    folder of an earlier deployment is replaced, any other is left alone. `model` may also be a recipe's run, by its
    folder or its result: then predict takes what the recipe's reader gives, such as the bytes of an image, and scales
    it itself. The other arguments are as for `compile`; the author's own network runs beside the C code unless
    `no_check`. `require_signature` is the public key of who has to have signed the network's file or the folder of the
    run.

    Raises BadInput for what is missing or illegal, OperatorRefused for what C cannot do, CheckFailed where a test
    fails or a signature is not genuine: then nothing is written.
    """
    from chipsmith.codegen.generate import generate_c
    from chipsmith.deployment.firmware.deploy import check_c, deploy_network
    from chipsmith.deployment.firmware.files import check_name, list_files
    from chipsmith.deployment.firmware.folder import check_target
    from chipsmith.flow.deployed_run import load_run
    from chipsmith.frontends.registry import name_model

    if target not in _TARGETS:
        raise BadInput(f"there are no sources for the target '{target}'; there are: {', '.join(_TARGETS)}")
    folder, least_db = Path(output), as_decibels(floor, "--floor")
    check_name(name)
    check_target(folder, list_files(name))
    with as_genuine_model(as_deployable(model), require_signature) as genuine:
        if isinstance(genuine, str | os.PathLike) and Path(genuine).is_dir():
            _refuse_of_run(calibration, random_calibration, shapes, wide)
            quantised, recipe = load_run(Path(genuine))
            return deploy_network(quantised, generate_c(quantised.graph, name=name), folder, recipe=recipe)
        options = read_options(shapes=shapes, quantise=quantise, wide=wide, target_db=target_db)
        network = load_network(genuine, calibration, random_calibration=random_calibration, options=options)
        module = generate_c(network.graph, name=name)
        check = None
        if not no_check:
            check = check_c(
                network, module, model=name_model(model), floor=least_db, random_calibration=random_calibration
            )
        return deploy_network(network, module, folder, check=check)


def _refuse_of_run(*options: object) -> None:
    """Raise BadInput where an option is given that chooses integers: a run's were chosen by its recipe."""
    if any(options):
        raise BadInput("a run's folder has its integers: it takes no --calibration, --shape or --wide")


DEPLOY_VERBS = (
    Verb(function=deploy, present=console.present_firmware, fails="an output is not that of the author's network"),
)
