"""A quantised network to a folder of C that was compiled, tested and measured."""

from __future__ import annotations

from pathlib import Path

from chipsmith.codegen.host import build_library, find_compiler, find_compilers
from chipsmith.codegen.module import CModule
from chipsmith.deployment.firmware.examples import make_examples
from chipsmith.deployment.firmware.files import README, list_files
from chipsmith.deployment.firmware.folder import check_target, write_folder
from chipsmith.deployment.firmware.main_source import write_main
from chipsmith.deployment.firmware.makefile import board_files, write_makefile
from chipsmith.deployment.firmware.measure import measure_on_boards, run_on_host
from chipsmith.deployment.firmware.parameters import widen_narrow_floats
from chipsmith.deployment.firmware.predict_source import write_predict
from chipsmith.deployment.firmware.readme import write_readme
from chipsmith.deployment.firmware.recipe_input import RecipeInput
from chipsmith.deployment.firmware.result import Firmware
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.targets import HostedGraph
from chipsmith.witness.check.check import check_network
from chipsmith.witness.check.verdict import SourceCheck


def deploy_network(
    network: QuantizedNetwork,
    module: CModule,
    folder: Path,
    *,
    check: SourceCheck | None = None,
    recipe: RecipeInput | None = None,
) -> Firmware:
    """Write the folder of a network, whole or not at all; `module` is its graph in C, by whose name all C names begin.

    `check` goes into its page; `recipe` is the input of a network that a recipe made. Raises BadInput where the folder
    cannot be written or the network has no inputs, CheckFailed where the C code does not give the reference's outputs
    here or on a board: then nothing is written.
    """
    name = module.name
    check_target(folder, list_files(name))
    wide = widen_narrow_floats(network)
    predict, vector = write_predict(wide, module, recipe), make_examples(wide, recipe)
    sources = {
        **module.sources,
        f"{name}_predict.h": predict.header,
        f"{name}_predict.c": predict.source,
    }
    files = {
        **sources,
        "main.c": write_main(name, predict.parameters, vector),
        "Makefile": write_makefile(name),
        **board_files(),
    }
    firmware = Firmware(
        network=network.graph.name,
        module=module,
        folder=folder,
        files=list_files(name),
        compilers=run_on_host(files),
        examples=vector.count,
        examples_kind=vector.kind,
        caller_bytes=sum(each.elements * each.tensor.dtype.itemsize for each in predict.parameters.all),
        boards=measure_on_boards(sources, name, predict.parameters, vector),
        check=check,
    )
    write_folder(folder, {README: write_readme(firmware, predict), **files})
    return firmware


def check_c(
    network: QuantizedNetwork, module: CModule, *, model: str, floor: float, random_calibration: bool
) -> SourceCheck | None:
    """The author's own network beside its graph in C on this computer; see check_network.

    None where the network has no source, or this computer no C compiler.
    """
    if network.source is None or not find_compilers():
        return None
    code = HostedGraph(host=network, graph=build_library(module, find_compiler()))
    return check_network(network, code, model=model, floor=floor, random_calibration=random_calibration)
