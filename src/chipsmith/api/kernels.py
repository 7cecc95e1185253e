"""The verb of single kernels: kernel."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from chipsmith.api.forms import AnyPath, ChipsByChip, ChipSettings, ChipsOption
from chipsmith.api.parameter import Argument, Option, OptionGroup, Parameter
from chipsmith.api.values import as_chips, as_path, as_seed
from chipsmith.api.verb import Verb
from chipsmith.console import kernels as console
from chipsmith.console.choices import suggest_dtypes, suggest_kernels

if TYPE_CHECKING:
    from chipsmith.studies.kernel_results import KernelResult


def _parameter_options() -> tuple[Parameter, ...]:
    """An option for each name that a parameter of any kind has."""
    from chipsmith.kernels.catalogue import describe_parameters

    return tuple(
        Parameter(name=name, type=str | None, default=None, form=Option(help=f"{text[0].upper()}{text[1:]}."))
        for name, text in describe_parameters().items()
    )


def _take_given(words: Mapping[str, Any]) -> Mapping[str, object]:
    return {name: word for name, word in words.items() if word is not None}


def kernel(
    kind: Annotated[
        str,
        Argument(
            help="conv2d, depthwise, matmul, softmax, attention, lstm-cell, ...; docs/kernels.md.",
            suggest=suggest_kernels,
        ),
    ],
    *,
    parameters: Annotated[
        Mapping[str, object] | None, OptionGroup(options=_parameter_options, build=_take_given)
    ] = None,
    chips: ChipsOption = None,
    chip: ChipsByChip = None,
    settings: ChipSettings = (),
    dtype: Annotated[
        str, Option(help="What activations are on the chip: int8 or int16; weights are int8.", suggest=suggest_dtypes)
    ] = "int8",
    seed: Annotated[int, Option(help="Seed of weights and inputs.")] = 0,
    threads: Annotated[int, Option(help="Threads on this computer.")] = 1,
    inferences: Annotated[
        int, Option(help="Inferences that each way of running it on this computer is timed over.")
    ] = 200,
    no_computer: Annotated[bool, Option(help="Chips alone: nothing is run on this computer's own runtimes.")] = False,
    html: Annotated[
        AnyPath | None, Option(help="A page with the kernel under the roofs of the chips and of this computer.")
    ] = None,
) -> "KernelResult":
    """Simulate a single kernel on chips, under their roof, and time the same kernel on this computer.

    `parameters` are those of the kind by name, as words or values: {"input": (1, 32, 32, 3), "filters": 32}; what is
    left out has its default. Weights and inputs are drawn by `seed`, and the kernel is quantised as a front end
    quantises a layer. Each chip's outputs are compared with the reference interpreter and tosa_reference_model, bit by
    bit, and with the kernel in floating point. What runs it on this computer, and what does not and why, stands in the
    result. `chips`, or `chip`, are as for `estimate`. The page goes to `html`, if given; for it the peak and the
    bandwidth of this computer are measured too.

    Raises BadInput for parameters that the kind does not have or that do not fit, OperatorRefused for a chip that
    cannot hold the kernel.
    """
    from chipsmith.flow.arrays import check_folder
    from chipsmith.flow.kernels import ComputerAsk, study_kernel
    from chipsmith.kernels.build import build_kernel, read_activations
    from chipsmith.kernels.catalogue import find_kind

    path = as_path(html)
    if path is not None:
        check_folder(path)
    targets = as_chips(chip, chips, settings)
    built = build_kernel(find_kind(kind), parameters or {}, activations=read_activations(dtype), seed=as_seed(seed))
    computer = None if no_computer else ComputerAsk(inferences=inferences, threads=threads)
    result = study_kernel(built, targets, computer=computer)
    if path is not None:
        from chipsmith.reports.kernels import write_kernel_page
        from chipsmith.systems.host_roof import measure_host_roof

        roofs = () if no_computer else measure_host_roof("this computer", threads=threads).roofs
        write_kernel_page(result, path, roofs=roofs)
    return result


KERNEL_VERBS = (
    Verb(function=kernel, present=console.present_kernel, fails="an output of a chip differs from a reference"),
)
