"""The machine on its bus: the same bytes however it behaves, the contract's cycles where it keeps it, safe in error."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from many_stores import many_stores
from random_programs import TRANSFERS, random_inputs, random_program

import chipsmith
from chipsmith.chip import load_chip, override_chip
from chipsmith.hardware.axi import ADDRESSES, MASKS, AxiMachine, BusBehaviour, Response, await_ending, start_inference
from chipsmith.hardware.build import AXI_MACHINE, build_machine
from chipsmith.hardware.package import Error
from chipsmith.hardware.registers import REGISTERS, Access
from chipsmith.program.instructions import Store
from chipsmith.program.program import encode_pages
from chipsmith.sim.cycle import simulate

HERE = Path(__file__).parent
sys.path.append(str(HERE.parents[1] / "benchmarks"))  # last: its files must not stand before Python's own

from bus_scenarios.host import BASE, MOST_CYCLES, Host, ideal_bus, new_job, open_machine, random_job  # noqa: E402
from bus_scenarios.scenario import random_scenario, run_scenario  # noqa: E402

CHIP = load_chip("nano-64")
LATENCY = CHIP.external.latency_cycles
START, WARM, ABORT = (MASKS[f"CONTROL.{name}"] for name in ("START", "WARM", "ABORT"))
DONE, ERROR, ABORTED = (MASKS[f"EVENTS.{name}"] for name in ("DONE", "ERROR", "ABORTED"))
RUNNING, DRAINING = MASKS["STATUS.RUNNING"], MASKS["STATUS.DRAINING"]
ALL_EVENTS = DONE | ERROR | ABORTED

pytestmark = pytest.mark.usefixtures("rtl_tools")


def transfers_job(seed):
    program = random_program(CHIP, seed, 30, TRANSFERS)
    return new_job(program, random_inputs(program, seed, 1))


def stores_job(seed):
    """A Program of little but STOREs, whose outputs do not depend on what the on-chip memory holds before."""
    return random_job(many_stores(CHIP, seed, 30), seed)


@pytest.fixture(scope="module")
def gru():
    """A network, whose outputs do not depend on what the on-chip memory holds before."""
    return random_job(chipsmith.compile(str(HERE.parent / "networks" / "gru.tosa"), chip=CHIP).program, 1)


@pytest.fixture
def host(gru):
    with open_machine(CHIP) as machine:
        machine.behave(ideal_bus(LATENCY - 1))
        yield Host(machine, gru)


def check_inference(host, *, warm=False):
    """An inference comes to DONE with the right outputs."""
    ending = host.infer(warm=warm)
    assert (ending.done, ending.status, ending.interrupt) == (True, 0, True), ending
    assert host.fault() is None
    return ending


def abort(host):
    """An abort comes to its end, and leaves the machine idle and the bus empty."""
    host.machine.write("CONTROL", ABORT)
    for _ in range(1000):
        if host.machine.value("EVENTS") & ABORTED:
            break
    state = host.machine.state()
    assert (host.machine.value("STATUS"), state.open_reads, state.open_writes) == (0, 0, 0)
    assert not state.breaches, state.breach


# The bus and the contract


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("stalls", [0, 300, 800])
def test_a_bus_that_stalls_changes_no_byte(seed, stalls):
    job = transfers_job(seed)
    with open_machine(CHIP, seed=seed) as machine:
        machine.behave(
            BusBehaviour(
                latency_cycles=LATENCY - 1,
                stall_per_1024=stalls,
                late_per_1024=stalls,
                host_stall_per_1024=stalls,
                seed=seed,
            )
        )
        host = Host(machine, job)
        ending = check_inference(host)
    assert (ending.cycles == simulate(job.program).latency_cycles) == (stalls == 0)


@pytest.mark.parametrize("latency", [1, 2, 7, LATENCY - 1])
def test_a_bus_that_keeps_the_contract_costs_no_cycle(latency):
    chip = override_chip(CHIP, {"external.latency_cycles": str(latency + 1)})
    program = random_program(chip, latency, 30, TRANSFERS)
    job = new_job(program, random_inputs(program, latency, 1))
    with open_machine(CHIP) as machine:
        machine.behave(ideal_bus(latency))
        assert check_inference(Host(machine, job)).cycles == simulate(program).latency_cycles


def test_a_network_takes_its_cycles_cold_and_warm(host, gru):
    assert check_inference(host).cycles == simulate(gru.program).latency_cycles
    assert check_inference(host, warm=True).cycles == simulate(gru.program, warm=True).latency_cycles


@pytest.mark.parametrize("open_bursts", [1, 2, 8])
def test_a_bus_that_takes_few_bursts_changes_no_byte(host, open_bursts):
    host.machine.behave(ideal_bus(64, open_bursts=open_bursts))
    check_inference(host)
    assert host.machine.state().most_open <= open_bursts


def test_eight_open_bursts_keep_the_rate_of_the_contract(gru):
    chip = override_chip(CHIP, {"external.latency_cycles": "200"})
    with open_machine(CHIP) as machine:
        machine.behave(ideal_bus(200, open_bursts=8))
        cycles = check_inference(Host(machine, gru)).cycles
    contract = simulate(replace(gru.program, chip=chip)).latency_cycles
    assert contract <= cycles <= 1.05 * contract


# Registers


def test_registers_hold_their_values_after_reset_whatever_they_held_before():
    library = build_machine(CHIP, simulated=AXI_MACHINE)
    for seed in range(40):
        with AxiMachine(CHIP, library, seed=seed) as machine:
            values = {register.name: machine.value(register.name) for register in REGISTERS}
            assert not machine.state().interrupt
        assert values == {register.name: register.value_after_reset(CHIP.sha256) for register in REGISTERS}


@pytest.mark.parametrize("seed", range(10))
def test_the_first_inference_is_right_whatever_registers_held_before(gru, seed):
    with open_machine(CHIP, seed=100 + seed) as machine:
        machine.behave(ideal_bus(LATENCY - 1))
        assert check_inference(Host(machine, gru)).cycles == simulate(gru.program).latency_cycles


def test_each_register_is_accessed_as_the_table_says(host):
    machine = host.machine
    for register in REGISTERS:
        if register.name == "CONTROL":
            continue
        before = machine.value(register.name)
        assert machine.write(register.name, 0x5A5A5000) is Response.OKAY
        bits = sum(field.mask for field in register.fields) or 0xFFFFFFFF
        expected = 0x5A5A5000 & bits if register.access is Access.RW else before
        assert machine.value(register.name) == expected, register.name


def test_a_command_reads_as_zero(host):
    assert host.machine.value("CONTROL") == 0


@pytest.mark.parametrize("address", [max(ADDRESSES.values()) + 4, 0x80, 0xFC])
def test_an_address_without_a_register_is_refused(host, address):
    assert host.machine.write(address, 1) is Response.SLVERR
    assert host.machine.read(address)[0] is Response.SLVERR


@pytest.mark.parametrize("lanes", [0x0, 0x1, 0x3, 0xC, 0xE])
def test_a_write_of_some_bytes_of_a_register_is_refused(host, lanes):
    assert host.machine.write("WATCHDOG", 0, lanes=lanes) is Response.SLVERR
    assert host.machine.value("WATCHDOG") == 0xFFFFFFFF


@pytest.mark.parametrize("low", [1, 4, 0x800, 0x12345FFF])
def test_a_base_that_is_no_multiple_of_4_kib_is_refused(host, low):
    assert host.machine.write("BASE_LOW", 0x7000) is Response.OKAY
    assert host.machine.write("BASE_LOW", low) is Response.SLVERR
    assert host.machine.value("BASE_LOW") == 0x7000


def test_the_base_of_an_inference_that_runs_stays(host):
    host.start()
    for register in ("BASE_LOW", "BASE_HIGH"):
        host.machine.write(register, 0)
    assert (host.machine.value("BASE_HIGH") << 32) + host.machine.value("BASE_LOW") == BASE
    assert await_ending(host.machine, most_cycles=MOST_CYCLES).done
    assert host.fault() is None


def test_the_interrupt_follows_the_events_that_are_enabled(host):
    host.start()
    host.machine.write("INTERRUPT", ERROR)
    assert not host.machine.wait_interrupt(20_000)
    assert host.machine.value("EVENTS") == DONE
    host.machine.write("INTERRUPT", DONE)
    assert host.machine.state().interrupt
    host.machine.write("EVENTS", DONE)
    assert (host.machine.state().interrupt, host.machine.value("EVENTS")) == (False, 0)


# Errors of the bus


@pytest.mark.parametrize("response", [Response.SLVERR, Response.DECERR])
@pytest.mark.parametrize("direction", ["inputs", "outputs"])
def test_an_error_response_stops_the_machine_until_an_abort(host, response, direction):
    (port, *_) = getattr(host.job.program.manifest, direction)
    bus = ideal_bus(LATENCY - 1)
    host.machine.behave(
        replace(bus, fault_response=response, fault_bytes=range(port.address, port.address + port.size_bytes))
    )
    ending = host.infer()
    assert (ending.done, ending.error, ending.events) == (False, Error.BUS, ERROR)
    assert ending.bus_error == response | (MASKS["BUS_ERROR.WRITE"] if direction == "outputs" else 0)
    host.machine.behave(bus)
    host.machine.write("EVENTS", ALL_EVENTS)
    for value in (START, START | WARM):
        host.machine.write("CONTROL", value)
    host.machine.clock(20_000)
    assert (host.machine.value("STATUS"), host.machine.value("EVENTS")) == (ending.status, 0)
    assert host.machine.value("BUS_ERROR") == ending.bus_error
    abort(host)
    assert host.machine.value("BUS_ERROR") == 0
    check_inference(host)


def unlocked_stores(job):
    """The Program with STOREs that lock no external region: END waits for none of their acknowledgements."""
    program = job.program
    instructions = tuple(
        replace(row, external_locks=0) if isinstance(row, Store) else row for row in program.instructions
    )
    pages = encode_pages(program.chip, instructions)
    return replace(program, instructions=instructions, constants=pages + program.constants[len(pages) :])


def await_end(host):
    """Let END start, which stops CYCLES; their number."""
    before, cycles = -1, 0
    while before != cycles:
        host.machine.clock(100)
        before, cycles = cycles, host.machine.value("CYCLES")
    return cycles


def test_an_error_response_behind_end_is_no_done(host, gru):
    (port,) = gru.program.manifest.outputs
    program = unlocked_stores(gru)
    host.machine.behave(ideal_bus(500))
    host.memory[: len(program.constants)] = np.frombuffer(program.constants, np.uint8)
    start_inference(host.machine, base=BASE)
    cycles = await_end(host)
    assert host.machine.value("STATUS") == RUNNING
    assert host.machine.value("EVENTS") == 0
    host.machine.behave(replace(ideal_bus(500), fault_bytes=range(port.address, port.address + 1)))
    ending = await_ending(host.machine, most_cycles=MOST_CYCLES)
    assert (ending.cycles, ending.done, ending.error) == (cycles, False, Error.BUS)
    assert ending.bus_error & MASKS["BUS_ERROR.WRITE"]
    abort(host)
    host.machine.behave(ideal_bus(LATENCY - 1))
    check_inference(host)


def test_done_waits_for_all_acknowledgements(host, gru):
    program = unlocked_stores(gru)
    host.machine.behave(ideal_bus(500))
    host.memory[: len(program.constants)] = np.frombuffer(program.constants, np.uint8)
    start_inference(host.machine, base=BASE)
    assert await_ending(host.machine, most_cycles=MOST_CYCLES).done
    assert host.machine.state().open_writes == 0
    assert host.fault() is None


# Doorbells and events


def test_a_doorbell_while_an_inference_runs_is_ignored(host, gru):
    host.start()
    for _ in range(20):
        host.machine.clock(200)
        host.machine.write("CONTROL", START | WARM)
    ending = await_ending(host.machine, most_cycles=MOST_CYCLES)
    assert (ending.done, ending.cycles) == (True, simulate(gru.program).latency_cycles)
    assert host.fault() is None


def at_the_end(host, offset):
    """Cycles from the doorbell's write to END, and some more or less, pass."""
    host.start()
    host.machine.clock(simulate(host.job.program).latency_cycles + offset)


@pytest.mark.parametrize("offset", range(-8, 8))
def test_a_doorbell_around_the_end_loses_no_completion(host, offset):
    """It is ignored, or it starts a whole inference: DONE comes in any case, and is true."""
    at_the_end(host, offset)
    host.machine.write("CONTROL", START)
    started = bool(host.machine.value("STATUS") & RUNNING and host.machine.value("CYCLES") < 100)
    assert started or host.machine.wait_interrupt(100)
    ending = await_ending(host.machine, most_cycles=MOST_CYCLES)
    assert (ending.done, ending.status, ending.cycles) == (True, 0, simulate(host.job.program).latency_cycles)
    assert host.fault() is None


def test_events_that_are_cleared_around_the_end_are_lost_only_after_they_were_seen(host):
    """There is a cycle before which a clear changes nothing; from it on the event had been there to be read."""
    stays = []
    for offset in range(-8, 8):
        at_the_end(host, offset)
        seen = host.machine.state().interrupt
        host.machine.write("EVENTS", DONE)
        host.machine.clock(20)
        stays.append(host.machine.value("EVENTS") == DONE)
        assert stays[-1] or seen or offset > stays.index(True) - 8
    assert stays == sorted(stays, reverse=True)
    assert (stays[0], stays[-1]) == (True, False)


# Abort


def test_an_abort_from_any_place_drains_and_the_next_inference_is_right(host):
    cycles = simulate(host.job.program).latency_cycles
    for place in (*range(0, 48, 4), *range(60, cycles, cycles // 24), *range(cycles - 8, cycles + 6)):
        host.start()
        host.machine.clock(place)
        abort(host)
        assert host.machine.value("EVENTS") in (ABORTED, ABORTED | DONE)
        check_inference(host)


@pytest.mark.parametrize("seed", range(20))
def test_an_abort_completes_the_bursts_of_a_bus_that_stalls(seed):
    """Of a Program of many STOREs: bursts that were begun are filled, and write nothing."""
    job = transfers_job(seed)
    with open_machine(CHIP, seed=seed) as machine:
        machine.behave(BusBehaviour(latency_cycles=90, stall_per_1024=700, late_per_1024=300, seed=seed))
        host = Host(machine, job)
        host.start()
        machine.clock(int(np.random.default_rng(seed).integers(200, 4000)))
        abort(host)
        state = machine.state()
        machine.clock(500)
        assert machine.state().write_words == state.write_words
        host.infer()
        assert not machine.state().breaches


def test_an_abort_waits_for_a_bus_that_is_silent(host):
    host.start()
    host.machine.clock(300)
    host.machine.behave(replace(ideal_bus(LATENCY - 1), silent=True))
    host.machine.clock(100)
    host.machine.write("CONTROL", ABORT)
    host.machine.write("CONTROL", START)
    host.machine.clock(1000)
    assert (host.machine.value("STATUS"), host.machine.value("EVENTS")) == (DRAINING, 0)
    host.machine.behave(ideal_bus(LATENCY - 1))
    assert host.machine.wait_interrupt(1000)
    assert (host.machine.value("STATUS"), host.machine.value("EVENTS")) == (0, ABORTED)
    check_inference(host)


def test_an_abort_of_an_idle_machine_ends_too(host):
    abort(host)
    check_inference(host)
    abort(host)


def test_an_abort_comes_before_a_doorbell_of_the_same_write(host):
    for running in (False, True):
        if running:
            host.start()
        host.machine.write("CONTROL", ABORT | START)
        host.machine.clock(1000)
        assert (host.machine.value("STATUS"), host.machine.value("EVENTS") & DONE) == (0, 0)
    check_inference(host)


def test_a_warm_doorbell_behind_an_abort_starts_cold(host, gru):
    check_inference(host)
    host.start(warm=True)
    host.machine.clock(500)
    abort(host)
    assert check_inference(host, warm=True).cycles == simulate(gru.program).latency_cycles
    assert check_inference(host, warm=True).cycles == simulate(gru.program, warm=True).latency_cycles


# Reset


@pytest.mark.parametrize("cycles", [1, 2, 5])
def test_a_reset_with_the_bus_leaves_a_clean_machine(host, cycles):
    for place in (5, 77, 400, 3001, 7000):
        host.start()
        host.machine.clock(place)
        host.machine.reset(cycles)
        values = {register.name: host.machine.value(register.name) for register in REGISTERS}
        assert values == {register.name: register.value_after_reset(CHIP.sha256) for register in REGISTERS}
        check_inference(host)


# Watchdog


def test_the_watchdog_stops_an_inference_that_takes_longer(host, gru):
    latency = simulate(gru.program).latency_cycles
    assert host.infer(watchdog_cycles=latency).done
    ending = host.infer(watchdog_cycles=latency - 1)
    assert (ending.done, ending.error, ending.events) == (False, Error.WATCHDOG, ERROR)
    abort(host)
    check_inference(host)


def test_the_limit_of_the_watchdog_is_taken_at_start(host, gru):
    """A write while an inference runs counts from the next one on, whether it is smaller, greater or none."""
    latency = simulate(gru.program).latency_cycles
    for before, after, error in ((0, 10, Error.NONE), (latency, 10, Error.NONE), (2000, 0, Error.WATCHDOG)):
        host.start(watchdog_cycles=before)
        host.machine.clock(500)
        host.machine.write("WATCHDOG", after)
        ending = await_ending(host.machine, most_cycles=MOST_CYCLES)
        assert (ending.error, ending.done) == (error, error is Error.NONE)
        abort(host)
    start_inference(host.machine, base=BASE, watchdog_cycles=10)
    assert await_ending(host.machine, most_cycles=MOST_CYCLES).error is Error.WATCHDOG
    abort(host)
    check_inference(host)


@pytest.mark.parametrize("limit", [1, 2, 3, 100, 2000])
def test_the_watchdog_comes_in_its_cycle(host, limit):
    ending = host.infer(watchdog_cycles=limit)
    assert (ending.error, ending.cycles) == (Error.WATCHDOG, limit + 3)


def test_the_watchdog_ends_the_wait_for_a_silent_bus(host):
    host.machine.behave(replace(ideal_bus(LATENCY - 1), silent=True))
    assert host.infer(watchdog_cycles=5000).error is Error.WATCHDOG
    host.machine.behave(ideal_bus(LATENCY - 1))
    abort(host)
    check_inference(host)


@pytest.mark.parametrize("seed", range(4))
def test_programs_with_flipped_bits_end(host, gru, seed):
    """In DONE, in an error of the machine or by the watchdog; the next inference of the right Program is right."""
    rng = np.random.default_rng(seed)
    limit = 4 * simulate(gru.program).latency_cycles
    code = len(encode_pages(CHIP, gru.program.instructions))
    for _ in range(10):
        host.memory[:] = Host(host.machine, gru).memory
        host.machine.attach(host.memory, BASE)
        host.memory[rng.integers(code)] ^= 1 << int(rng.integers(8))
        start_inference(host.machine, base=BASE, watchdog_cycles=limit)
        ending = await_ending(host.machine, most_cycles=2 * limit)
        assert ending.interrupt
        assert ending.done or ending.error is not Error.NONE
        assert not host.machine.state().breaches, host.machine.state().breach
        if ending.status:
            abort(host)
    check_inference(host)


# Scenarios


def check_scenarios(job, seeds):
    for seed in seeds:
        scenario = random_scenario(job, seed)
        assert run_scenario(job, scenario).failure is None, scenario


@pytest.mark.parametrize("part", range(3))
def test_after_a_random_scenario_the_next_inference_is_right(gru, part):
    check_scenarios(gru, range(10 * part, 10 * part + 10))


@pytest.mark.parametrize("part", range(3))
def test_after_a_random_scenario_among_stores_the_next_inference_is_right(part):
    check_scenarios(stores_job(part), range(10 * part, 10 * part + 10))


def test_a_program_of_stores_is_disturbed_among_its_writes():
    """Most disturbances of its middle come while bursts are open; of a network hardly any do."""
    job = stores_job(0)
    outcomes = [run_scenario(job, random_scenario(job, seed)) for seed in range(8)]
    assert sum(outcome.among_writes for outcome in outcomes) >= 4


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_a_thousand_random_scenarios(gru, part):
    check_scenarios(gru, range(1000 + 100 * part, 1050 + 100 * part))
    check_scenarios(stores_job(part), range(1050 + 100 * part, 1100 + 100 * part))
