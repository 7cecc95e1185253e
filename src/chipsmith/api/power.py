"""The verb of a chip's energy at the gates: power."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chipsmith.api.adopt import adopt_arrays
from chipsmith.api.forms import AnyPath, CompiledProgram, Inputs, ProgramLimits, RequiredSignature
from chipsmith.api.parameter import Option
from chipsmith.api.values import as_arrays, as_path, as_program
from chipsmith.api.verb import Verb
from chipsmith.console import power as console

if TYPE_CHECKING:
    from chipsmith.witness.power import PowerResult


def power(
    program: CompiledProgram,
    *,
    liberty: Annotated[AnyPath, Option(help="The liberty file of the standard cells.")],
    sram: Annotated[
        AnyPath | None, Option(metavar="FOLDER", help="Liberty files of memories; without them they use nothing.")
    ] = None,
    inputs: Annotated[
        Inputs,
        Option(flags=("--input",), help="Inputs of one inference: .npy or .npz; default random.", adopt=adopt_arrays),
    ] = None,
    window: Annotated[
        int | None, Option(metavar="CYCLES", help="Simulate so many cycles from the doorbell, instead of all.")
    ] = None,
    samples: Annotated[int, Option(help="Cycles that are simulated with delays too, for what glitches add.")] = 200,
    clock_mhz: Annotated[float, Option(help="The clock, on which leakage depends and nothing else.")] = 100.0,
    node_nm: Annotated[int, Option(help="The node of these cells, at which the estimate is made.")] = 130,
    netlist: Annotated[
        AnyPath | None, Option(help="The chip mapped to these cells, as yosys' write_json; default: it is mapped.")
    ] = None,
    limits: ProgramLimits = None,
    require_signature: RequiredSignature = None,
) -> "PowerResult":
    """Run an inference on the gates of a program's chip, and price every toggle from the tables of its cells.

    The RTL is mapped to the cells of a liberty file; its gates run one cold inference, whose outputs are compared to
    the bit with the functional simulator and whose cycles with the cycle simulator. Energy is told by block and by
    kernel, beside the chip's estimate of the same inference at the node and voltage of the cells. It is before layout:
    wires and clock tree are taken by rules (docs/power.md). `program` is a Program or its file; `inputs` are arrays by
    name, or an `.npy` or `.npz` file; `sram` is a folder of liberty files of memories at the corner of the cells. With
    `window` an inference is cut off: nothing is estimated then. A difference is no exception: see
    `PowerResult.difference`. Minutes for a catalogue chip. `limits` as for `simulate`. `require_signature` is the
    public key of who has to have signed the file. Raises BadInput, and CheckFailed where it is not what was signed.
    """
    from chipsmith.flow.hardware_reprs import adopt_hardware
    from chipsmith.program.port_values import draw_inputs
    from chipsmith.witness.power import PowerSettings, measure_power

    adopt_hardware()
    loaded = as_program(program, limits, require_signature)
    arrays = draw_inputs(loaded, seed=0) if inputs is None else as_arrays(inputs, loaded)
    settings = PowerSettings(clock_mhz=clock_mhz, window_cycles=window, glitch_samples=samples)
    return measure_power(
        loaded,
        arrays,
        liberty=Path(liberty),
        sram=as_path(sram),
        netlist=as_path(netlist),
        node_nm=node_nm,
        settings=settings,
    )


POWER_VERBS = (Verb(function=power, present=console.present_power, fails="a bit or a cycle differs"),)
