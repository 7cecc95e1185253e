"""The order of a program: loads early, stores behind their writers, a LOAD of the next page in each page."""

from __future__ import annotations

import numpy as np
import pytest
from nets import Net

from chipsmith.chip import load_chip
from chipsmith.compiler.allocate.activations import Allocation
from chipsmith.compiler.allocate.external import pages_needed
from chipsmith.compiler.allocate.packing import Chunk
from chipsmith.compiler.compile import compile_graph
from chipsmith.compiler.errors import DoesNotFit
from chipsmith.compiler.lower.kernel import StreamOperand, UnplacedInstruction
from chipsmith.compiler.schedule.list_schedule import Scheduler, relocate
from chipsmith.compiler.schedule.schedule import Role
from chipsmith.compiler.schedule.transfers import Export, Import
from chipsmith.compiler.spill.dma_region import DmaRegion
from chipsmith.compiler.spill.live_range import AT_ENTRY, LiveRange
from chipsmith.program.instructions import End, Load, Space, Store, VectorInstruction
from chipsmith.program.stream_fields import StreamName
from chipsmith.program.verify import verify_program
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute
from chipsmith.tosa.graph import DType
from chipsmith.tosa.reference import evaluate_batch

CHIP = load_chip("nano-64", {"memory.groups": "4", "memory.group_bytes": "1024", "name": "four-kib"})
GROUP = CHIP.memory.group_bytes


def copying(source, target):
    """A step that copies 16 bytes."""
    template = VectorInstruction(lanes=16, a_lane_stride=1, o_lane_stride=1)
    operands = (
        StreamOperand(stream=StreamName.A, buffer=source, base=0),
        StreamOperand(stream=StreamName.OUTPUT, buffer=target, base=0, written=True),
    )
    return UnplacedInstruction(template=template, operands=operands)


def place(address, first, last, size_bytes=16):
    return Allocation(address=address, size_bytes=size_bytes, live_range=LiveRange(first=first, last=last))


def arrival(name, where, *, first_step, after_step=AT_ENTRY):
    return Import(
        name=name,
        allocation=where,
        region=whole(where),
        external_address=4096,
        first_step=first_step,
        after_step=after_step,
        external_locks=0,
    )


def departure(name, where, *, last_step):
    return Export(
        name=name, allocation=where, region=whole(where), external_address=8192, last_step=last_step, external_locks=0
    )


def whole(where):
    return DmaRegion(low=0, rows=1, row_bytes=where.size_bytes, pitch=0)


def chunk(name, size, *, first_step, last_step):
    return Chunk(name=name, data=bytes(size), offsets={name: 0}, first_step=first_step, last_step=last_step)


def scheduled(steps, places, *, imports=(), exports=(), chunks=(), chip=CHIP):
    return Scheduler(
        chip=chip,
        steps=steps,
        chunks=chunks,
        activations=places,
        imports=imports,
        exports=exports,
        constant_addresses={chunk.name: 2048 for chunk in chunks},
    ).run()


def order(schedule):
    """('load', name), ('step', number) and so on."""
    return [(item.role, item.step if item.role is Role.STEP else item.name) for item in schedule.items]


def test_addresses_and_groups_of_a_step():
    placed = relocate(copying("x", "y"), {"x": GROUP - 8, "y": 3 * GROUP}, CHIP)
    assert (placed.a_base, placed.a_first_group, placed.a_last_group) == (GROUP - 8, 0, 1)
    assert (placed.o_base, placed.o_first_group, placed.o_last_group) == (3 * GROUP, 3, 3)


@pytest.mark.parametrize(("items", "pages"), [(0, 1), (7, 1), (8, 2), (14, 2), (15, 3)])
def test_a_page_holds_the_load_of_the_next_or_end(items, pages):
    # Pages of 8: 7 instructions beside the LOAD of the next page, in the last page beside END.
    assert pages_needed(load_chip("nano-64", {"instructions.page_instructions": "8"}), items) == pages


def test_an_input_is_loaded_before_and_an_output_stored_behind():
    places = {"x": place(0, AT_ENTRY, 0), "y": place(GROUP, 0, 1)}
    schedule = scheduled(
        [copying("x", "y")],
        places,
        imports=[arrival("x", places["x"], first_step=0)],
        exports=[departure("y", places["y"], last_step=0)],
    )
    assert order(schedule) == [("load", "x"), ("step", 0), ("store", "y")]


def test_loads_of_later_steps_run_under_earlier_ones():
    # Two inputs of 1,024 bytes in 256 words each: the second comes while the first is copied.
    places = {"x": place(0, AT_ENTRY, 0, GROUP), "y": place(GROUP, 0, 2), "z": place(2 * GROUP, AT_ENTRY, 1, GROUP)}
    places["w"] = place(3 * GROUP, 1, 2)
    imports = [arrival("x", places["x"], first_step=0), arrival("z", places["z"], first_step=1)]
    schedule = scheduled([copying("x", "y"), copying("z", "w")], places, imports=imports)
    assert order(schedule) == [("load", "x"), ("load", "z"), ("step", 0), ("step", 1)]


def test_an_import_waits_for_the_step_that_it_depends_on():
    places = {"x": place(0, AT_ENTRY, 0), "y": place(GROUP, 0, 2), "z": place(2 * GROUP, 1, 1)}
    imports = [
        arrival("x", places["x"], first_step=0),
        arrival("z", places["z"], first_step=1, after_step=0),
    ]
    exports = [departure("y", places["y"], last_step=0)]
    schedule = scheduled([copying("x", "y"), copying("z", "y")], places, imports=imports, exports=exports)
    assert order(schedule) == [("load", "x"), ("step", 0), ("store", "y"), ("load", "z"), ("step", 1)]


def test_constants_find_a_place_where_nothing_lives():
    places = {"x": place(0, AT_ENTRY, 0, GROUP), "y": place(GROUP, 0, 1, GROUP)}
    schedule = scheduled(
        [copying("c", "y"), copying("x", "y")], places, chunks=[chunk("c", 2 * GROUP, first_step=0, last_step=0)]
    )
    assert schedule.chunks["c"].address == 2 * GROUP


def test_constants_come_when_their_place_is_free():
    # x lives through step 0 and leaves no room for the constants of step 1.
    places = {"x": place(0, AT_ENTRY, 0, 3 * GROUP), "y": place(3 * GROUP, 0, 2, GROUP)}
    schedule = scheduled(
        [copying("x", "y"), copying("c", "y")], places, chunks=[chunk("c", GROUP, first_step=1, last_step=1)]
    )
    assert order(schedule) == [("step", 0), ("load", "c"), ("step", 1)]


def test_constants_without_a_place_are_named():
    places = {"x": place(0, AT_ENTRY, 0, 3 * GROUP), "y": place(3 * GROUP, 0, 1, GROUP)}
    with pytest.raises(DoesNotFit, match=r"constants of c \(16 bytes\) find no place in .* of four-kib"):
        scheduled([copying("x", "y")], places, chunks=[chunk("c", 16, first_step=0, last_step=0)])


# Whole programs


def a_graph(length):
    """A chain of additions of different constants: as many kernels as its length."""
    net = Net(x=(2, 8))
    y = net.rescale("x", DType.INT32, shift=25)
    for number in range(length):
        y = net.add(
            "ADD", (y, net.constant([[number * column for column in range(8)]], DType.INT32)), (2, 8), DType.INT32
        )
        y = net.add("BITWISE_NOT", (y,), (2, 8), DType.INT32)
    return net.graph(y)


@pytest.mark.parametrize("page_instructions", [2, 4, 8, 16, 64])
@pytest.mark.parametrize("length", [1, 3, 20])
def test_each_page_loads_the_next(page_instructions, length):
    chip = load_chip("nano-64", {"instructions.page_instructions": str(page_instructions)})
    graph = a_graph(length)
    program = compile_graph(graph, chip)
    verify_program(program)
    pages = [
        index // page_instructions
        for index, instruction in enumerate(program.instructions)
        if is_page_load(instruction)
    ]
    assert pages == list(range((len(program.instructions) - 1) // page_instructions))
    data = np.random.default_rng(0).integers(-128, 128, (3, 2, 8), np.int8)
    (result,) = execute(program, {"x": data.reshape(-1, 8)}).values()
    (wanted,) = evaluate_batch(graph, {"x": data}).values()
    np.testing.assert_array_equal(result, wanted.reshape(-1, 8))


def is_page_load(instruction):
    return isinstance(instruction, Load) and instruction.space is Space.PAGE


def test_the_first_loads_do_not_wait_for_the_next_page():
    program = compile_graph(a_graph(40), load_chip("nano-64"))
    assert not any(is_page_load(instruction) for instruction in program.instructions[:4])
    assert is_page_load(program.instructions[4])


def test_a_store_follows_the_last_writer_and_end_comes_last():
    program = compile_graph(a_graph(3), CHIP)
    *_, writer, store, end = program.instructions
    assert isinstance(writer, VectorInstruction)
    assert isinstance(store, Store)
    assert isinstance(end, End)
    assert store.local_address == writer.o_base


def test_constants_that_nothing_overwrites_stay_for_the_next_inference():
    program = compile_graph(a_graph(20), load_chip("nano-64"))
    kept = [instruction for instruction in program.instructions if isinstance(instruction, Load) and instruction.once]
    assert len(kept) == len(program.manifest.resident) > 0
    assert simulate(program, warm=True).latency_cycles < simulate(program).latency_cycles


def test_an_input_that_nothing_reads_is_not_loaded():
    net = Net(x=(2, 8), unused=(2, 8))
    program = compile_graph(net.graph(net.rescale("x", DType.INT32)), CHIP)
    address = {port.name: port.address for port in program.manifest.inputs}
    loads = [instruction.external_address for instruction in program.instructions if isinstance(instruction, Load)]
    assert address["x"] in loads
    assert address["unused"] not in loads


def test_ports_that_show_the_same_values_have_bytes_of_their_own():
    net = Net(x=(2, 8))
    wide = net.rescale("x", DType.INT32)
    graph = net.graph(net.reshape("x", 4, 4), wide, net.reshape(wide, 16, 1))
    program = compile_graph(graph, CHIP)
    verify_program(program)
    ports = (*program.manifest.inputs, *program.manifest.outputs)
    assert len({port.address for port in ports}) == 4
    data = np.arange(16, dtype=np.int8).reshape(1, 2, 8)
    outputs = execute(program, {"x": data[0]})
    for name, wanted in evaluate_batch(graph, {"x": data}).items():
        np.testing.assert_array_equal(outputs[name], wanted[0])
