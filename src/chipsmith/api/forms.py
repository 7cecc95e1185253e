"""Parameters that several verbs take, with the words of their options."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Union

from chipsmith.api.adopt import adopt_calibration, adopt_run, adopt_settings, adopt_shapes
from chipsmith.api.choices import stage_words, words_in
from chipsmith.api.parameter import Argument, Option, OptionGroup, Parameter, Supplied
from chipsmith.compiler.stage import CompilerStage
from chipsmith.console.suggestions import (
    suggest_chip_fields,
    suggest_chips,
    suggest_job_fields,
    suggest_models,
    suggest_programs,
    suggest_recipe_fields,
    suggest_recipes,
    suggest_runs,
)

if TYPE_CHECKING:
    from typing import TypeAlias

    import torch

    from chipsmith.chip import Chip
    from chipsmith.flow.calibration import AnyCalibration
    from chipsmith.flow.live import AnyProgram, AnyRecipe, AnyRun
    from chipsmith.flow.results import CompileResult, RunResult, TrainResult
    from chipsmith.frontends.quantized_network import QuantizedNetwork
    from chipsmith.learn.progress import Progress
    from chipsmith.program.limits import Limits
    from chipsmith.tosa.graph import Array, Graph

    AnyChip: TypeAlias = str | os.PathLike[str] | Chip
    SomeChips: TypeAlias = AnyChip | Sequence[AnyChip]
    AnyModel: TypeAlias = str | os.PathLike[str] | torch.nn.Module | Graph | QuantizedNetwork | RunResult | TrainResult

AnyPath = str | os.PathLike[str]


def _terminal_progress() -> "Progress":
    from chipsmith.console.progress import terminal_progress

    return terminal_progress()


def _passphrase() -> str | None:
    from chipsmith.deployment.signatures.keys import PASSPHRASE_VARIABLE

    return os.environ.get(PASSPHRASE_VARIABLE)


def _limit_options() -> tuple[Parameter, ...]:
    memory = Option(metavar="SIZE", help="Memory that the program may take, such as 4GiB; default 2GiB.")
    work = Option(metavar="CYCLES", help="Cycles of an inference up to which it is executed; default 1000000000.")
    return (
        Parameter(name="memory_limit", type=str, default=None, form=memory),
        Parameter(name="work_limit", type=int, default=None, form=work),
    )


def _build_limits(given: Mapping[str, Any]) -> "Limits | None":
    from chipsmith.program.limits import read_limits

    work = given["work_limit"]
    return read_limits(given["memory_limit"], None if work is None else str(work))


Model = Annotated[
    "AnyModel",
    Argument(
        metavar="MODEL",
        help="A .tosa, .tflite or .onnx file, package.module:function, or a run's folder or name.",
        suggest=suggest_models,
        adopt=adopt_run,
    ),
]
ChipOption = Annotated[
    "AnyChip", Option(flags=("--chip",), help="A chip of `chipsmith chips`, or a YAML file.", suggest=suggest_chips)
]
ChipArgument = Annotated[
    "AnyChip", Argument(metavar="CHIP", help="A chip of `chipsmith chips`, or a YAML file.", suggest=suggest_chips)
]
ChipInstead = Annotated[
    "AnyChip | None", Option(flags=("--chip",), help="A chip, instead of the recipe's.", suggest=suggest_chips)
]
ChipsOption = Annotated[
    "SomeChips | None",
    Option(
        flags=("--chip", "--chips"),
        separator=",",
        help="Chips, separated by commas; default edge-256.",
        agent_help="Chips of the tool chips, or YAML files: a list, or a text with commas; default edge-256.",
        suggest=suggest_chips,
    ),
]
ChipsByChip = Annotated["SomeChips | None", Supplied(supply=lambda: None)]
"""The same chips, for who writes `chip=` in Python; the command line has one option for both words."""
ChipSettings = Annotated[
    Sequence[str],
    Option(
        flags=("--set",),
        metavar="FIELD=VALUE",
        help="Replace a field of the chip; repeatable.",
        agent_help="Fields of the chip to replace, each FIELD=VALUE, such as tensor.rows=32.",
        suggest=suggest_chip_fields,
        adopt=adopt_settings,
    ),
]
RecipeSettings = Annotated[
    Sequence[str],
    Option(
        flags=("--set",),
        metavar="FIELD=VALUE",
        help="Replace a field; repeatable.",
        agent_help="Fields of the recipe to replace, each FIELD=VALUE, such as training.epochs=3.",
        suggest=suggest_recipe_fields,
        adopt=adopt_settings,
    ),
]
JobSettings = Annotated[
    Sequence[str],
    Option(
        flags=("--set",),
        metavar="FIELD=VALUE",
        help="Replace a field of recipe or chip; repeatable.",
        agent_help="Fields to replace, each FIELD=VALUE: of the recipe (training.epochs=3) or the chip "
        "(tensor.rows=32).",
        suggest=suggest_job_fields,
        adopt=adopt_settings,
    ),
]
CompilerStages = Annotated[
    Sequence[str],
    Option(
        flags=("--print-after",),
        metavar="STAGE",
        choices=stage_words,
        help=f"Print what a stage made; repeatable: quantise, {', '.join(CompilerStage)}.",
    ),
]
Calibration = Annotated[
    "AnyCalibration | None",
    Option(
        help="Inputs that choose the integers of a float network: .npy, .npz, a folder of images, or a recipe, whose "
        "training examples they are.",
        suggest=suggest_recipes,
        adopt=adopt_calibration,
    ),
]
Floor = Annotated[
    float, Option(metavar="DB", help="The least signal to noise, in dB, of an output of a float network.")
]
WithoutCheck = Annotated[bool, Option(help="Do not run the author's own network beside the program.")]
Wipe = Annotated[
    bool, Option(help="Clear all that depends on the inputs, but the outputs, after each inference: see docs/wipe.md.")
]
RandomCalibration = Annotated[
    bool, Option(help="Choose the ranges of a float network on random inputs: it runs, and no result means anything.")
]
Shapes = Annotated[
    Sequence[str],
    Option(
        flags=("--shape",),
        metavar="NAME=1x3x224x224",
        help="The shape of an input whose sizes the network leaves open; repeatable.",
        adopt=adopt_shapes,
    ),
]
Quantise = Annotated[
    str,
    Option(
        metavar="METHOD",
        choices=words_in("chipsmith.quantisation.settings", "RangeMethod"),
        help="How the ranges of a float network are chosen: minmax, percentile, mse, entropy, or auto, the best.",
    ),
]
WideLayers = Annotated[
    Sequence[str],
    Option(
        flags=("--wide",),
        metavar="LAYER",
        help="An operator of a float network whose result has 16 bits instead of 8; repeatable.",
    ),
]
TargetDb = Annotated[
    float,
    Option(metavar="DB", help="Give results 16 bits, the most sensitive first, until the outputs reach so many dB."),
]
RecipeArgument = Annotated[
    "AnyRecipe",
    Argument(metavar="RECIPE", help="A recipe of `chipsmith recipes`, or a YAML file.", suggest=suggest_recipes),
]
OwnNetwork = Annotated[str | None, Option(metavar="PACKAGE.MODULE:FUNCTION", help="A network of your own.")]
AllowedFunctions = Annotated[
    Sequence[str],
    Option(
        flags=("--allow",),
        metavar="PACKAGE.MODULE:FUNCTION",
        help="A function that the file names and that may run; repeatable.",
    ),
]
Seed = Annotated[
    int | None, Option(help="Seed of the split, the training and all else that is drawn; default the recipe's.")
]
Resume = Annotated[bool, Option(help="Go on with a training that was interrupted.")]
Track = Annotated[
    Sequence[str],
    Option(
        metavar="TOOL",
        choices=words_in("chipsmith.flow.tracking.tracker", "TrackerKind"),
        help="Tell a tool of epochs and figures: tensorboard (files in the run folder) or mlflow; repeatable.",
    ),
]
ShowProgress = Annotated["Progress | None", Supplied(supply=_terminal_progress)]
CompiledProgram = Annotated[
    Union[AnyPath, "AnyProgram"],
    Argument(
        metavar="P.program|RUN",
        help="What `chipsmith compile` wrote, or a run's folder or name.",
        suggest=suggest_programs,
        adopt=adopt_run,
    ),
]
DeployedProgram = Annotated[
    Union[AnyPath, "AnyProgram"],
    Argument(
        metavar="P.program|RUN",
        help="What `chipsmith run` left: its folder or name, or the program in it.",
        suggest=suggest_programs,
        adopt=adopt_run,
    ),
]
Passphrase = Annotated[str | None, Supplied(supply=_passphrase)]
SignedPath = Annotated[
    Union[AnyPath, "AnyRun | CompileResult"],
    Argument(
        metavar="P.program|RUN",
        help="A program, another file such as a network, or a run's folder or name.",
        suggest=suggest_programs,
        adopt=adopt_run,
    ),
]
RequiredSignature = Annotated[
    AnyPath | None,
    Option(metavar="PUB.pem", help="Read nothing that the owner of this public key did not sign, as it is."),
]
Volume = Annotated[int, Option(metavar="CHIPS", help="Chips that are built: masks and design are spread over so many.")]
RunArgument = Annotated[
    "AnyRun",
    Argument(
        metavar="RUN", help="What `chipsmith run` left: its folder or name.", suggest=suggest_runs, adopt=adopt_run
    ),
]
ProgramLimits = Annotated["Limits | None", OptionGroup(options=_limit_options, build=_build_limits)]
Inputs = Union[AnyPath, Mapping[str, "Array"], "Array", None]
