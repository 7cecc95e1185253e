"""The properties that stand in the RTL are proved, and a fault that is put into it breaks the property that says so."""

from __future__ import annotations

import dataclasses
import re

import pytest

from chipsmith.chip import load_chip
from chipsmith.hardware.formal import solver
from chipsmith.hardware.formal.covers import measure_reach, with_covers
from chipsmith.hardware.formal.faults import MUTANTS
from chipsmith.hardware.formal.mutants import survives, unbroken
from chipsmith.hardware.formal.proofs import ProofVerdict, run_task
from chipsmith.hardware.formal.properties import PropertyRole, as_part, read_properties
from chipsmith.hardware.formal.tasks import HARNESSES, TASKS, find_task, task_sources
from chipsmith.hardware.sources import machine_sources

QUICK = (
    "sequencer",
    "bank_users",
    "instruction_memory",
    "instruction_memory, two banks",
    "word_walk",
    "burst_cut",
    "walk_bursts",
    "axi_channel",
)
ENGINES = ("tensor_engine", "vector_engine")
BUS = ("axi_lite_port", "axi_registers", "axi_reader", "axi_writer")
LONG = ("bank_accesses", "lock_owners", "load_engine", "load_order", "store_engine", "store_order")
CHIP = load_chip("nano-64")
CIRCUIT = solver.ProofCircuit(
    highest=1, inputs=1, gates=0, registers=(), names=("shown",), violations=(2,), constraints=(), logic=b""
)
NAMES = re.compile(r"\b[a-z]+(?:_[a-z]+)*\.\w+|\b[a-z]+(?:_[a-z]+)+")
"""Modules of several words, and properties."""

SOURCE = """
    // Two words: somebody.
    expected: assume (a);
    // One thing,
    // said in two lines.
    shown: assert (b);
"""


def test_a_property_is_stated_by_the_comment_above_it():
    expected, shown = read_properties("part", SOURCE)
    assert (expected.role, expected.statement) == (PropertyRole.ASSUMPTION, "Two words: somebody.")
    assert (shown.full_name, shown.statement) == ("part.shown", "One thing, said in two lines.")


def test_what_a_part_assumes_is_to_be_shown_where_it_stands():
    assert [known.name for known in read_properties("part", as_part(SOURCE))] == ["expected", "unproved_shown"]
    assert all(known.is_assertion for known in read_properties("part", as_part(SOURCE)))


def test_an_assumption_names_modules_and_properties_that_exist():
    """Behind its last colon stands who guarantees it."""
    harnesses = {path.name: path.read_text(encoding="utf-8") for path in HARNESSES.glob("*.sv")}
    texts = {name.removesuffix(".sv"): text for name, text in {**machine_sources(CHIP), **harnesses}.items()}
    known = [subject for module, text in texts.items() for subject in read_properties(module, text)]
    names = {*texts, *(subject.name for subject in known), *(subject.full_name for subject in known)}
    guarantees = [subject.statement.rpartition(": ")[2] for subject in known if not subject.is_assertion]
    assert {name for text in guarantees for name in NAMES.findall(text)} - names == set()


def test_induction_proves_nothing_without_its_base(monkeypatch):
    """abc tells that the step holds, and has not explored the first cycles in time."""
    said = "Networks are equivalent"

    def ask(_, script, *, limit_s):
        return said if "ind " in script else ""

    monkeypatch.setattr(solver, "ask", ask)
    monkeypatch.setattr(solver, "processor_seconds", iter((0.0, 2.0)).__next__)
    assert solver.decide(CIRCUIT, depth=None, limit_s=1) == solver.Verdicts(proved=frozenset(), fails={})


def test_a_limit_counts_processor_time_and_keeps_what_was_said():
    """A solver that waits has all the time of the world, as on a busy computer; the work takes minutes."""
    pytest.importorskip("pyosys", reason="pip install chipsmith[rtl]")
    waits = "echo first; !sleep 2; echo last"
    works = "echo first; gen -N 64 -m product.blif; read product.blif; strash; " + "dch; " * 99 + "echo last"
    said = [solver.ask(CIRCUIT, script, limit_s=1).split("\n", 1)[1] for script in (waits, works)]
    assert ["first" in text for text in said] == [True, True]
    assert ["last" in text for text in said] == [True, False]


def test_every_proof_is_in_a_test():
    assert sorted((*QUICK, *ENGINES, *BUS, *LONG)) == sorted(task.name for task in TASKS)


def assert_proved(task):
    run = run_task(task)
    assert run.results
    assert {result.subject.full_name: result.verdict for result in run.results} == {
        result.subject.full_name: ProofVerdict.PROVED if task.depth is None else ProofVerdict.BOUNDED
        for result in run.results
    }


@pytest.mark.parametrize("name", [*QUICK, *ENGINES, *BUS])
def test_properties_are_proved(name):
    pytest.importorskip("pyosys", reason="pip install chipsmith[rtl]")
    assert_proved(find_task(name))


def test_the_instruction_memory_is_right_for_words_of_a_quarter_of_an_instruction():
    pytest.importorskip("pyosys", reason="pip install chipsmith[rtl]")
    assert_proved(dataclasses.replace(find_task("instruction_memory"), constants={"INSTRUCTION_BYTES": 16}))


@pytest.mark.slow
@pytest.mark.parametrize("name", LONG)
def test_properties_of_transfers_and_locks_are_proved(name):
    pytest.importorskip("pyosys", reason="pip install chipsmith[rtl]")
    assert_proved(find_task(name))


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_each_antecedent_comes_true(task):
    pytest.importorskip("pyosys", reason="pip install chipsmith[rtl]")
    reach = measure_reach(task)
    assert reach
    assert [name for name, cycle in reach.items() if cycle is None] == []


def test_a_vacuous_property_is_told():
    """A channel is never ready while it waits: what is said of that is proved, and says nothing."""
    pytest.importorskip("pyosys", reason="pip install chipsmith[rtl]")
    task = find_task("axi_channel")
    properties = (
        "    vacuous: assert (!(in_ready && waits) || out_valid);\n"
        "    reached: assert (was_reset || !waits || (out_valid && !in_ready));\n"
    )
    source = task_sources(task)["axi_channel.sv"]
    before = "    // What is offered stays,"
    changed = {"axi_channel": source.replace(before, properties + before)}
    results = {result.subject.name: result.verdict for result in run_task(task, changed=changed).results}
    assert (results["vacuous"], results["reached"]) == (ProofVerdict.PROVED, ProofVerdict.PROVED)
    reach = measure_reach(task, changed=changed)
    assert reach["vacuous"] is None
    assert reach["reached"] is not None


@pytest.mark.parametrize(
    ("assertion", "antecedent"),
    [
        ("!a || b", "!a"),
        ("a || !b || (c || d)", "a || !b"),
        ("a == b && (c || d)", "1'b0"),
        ("!x[i || j] || {a, b} == f(c || d)", "!x[i || j]"),
        ("(a ? b : c) || d", "(a ? b : c)"),
        ("a || b ? c : d", "1'b0"),
    ],
)
def test_an_antecedent_is_all_but_the_last_alternative(assertion, antecedent):
    source = f"    // Said.\n    known: assert ({assertion});\n"
    assert with_covers(source) == f"    // Said.\n    cover_known: assert ({antecedent});\n"


def test_every_property_has_a_fault_that_breaks_it():
    assert {task.name: unbroken(task, MUTANTS) for task in TASKS} == {task.name: set() for task in TASKS}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.task}.{mutant.kills}")
def test_a_fault_breaks_its_property(mutant):
    pytest.importorskip("pyosys", reason="pip install chipsmith[rtl]")
    assert not survives(mutant)
