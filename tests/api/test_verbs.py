"""The table of verbs: each stands once, as a function of the package and as a command."""

from __future__ import annotations

import inspect
import pickle
import pkgutil

import pytest

import chipsmith
from chipsmith import cli
from chipsmith.api import VERBS
from chipsmith.api.document import usage, verb_table, word_tables
from chipsmith.api.parameter import parameters_of

NAMES = "run train recipes compress predict judge report check_data audit compile simulate infer estimate diff explain"
NAMES += " deploy kernel scale search keygen sign verify cosim rtl synth generations chips conformance ops bom"
NAMES += " timing power doctor mcp explain runs compare stream tune"


def test_every_verb_is_a_function_of_the_package_and_a_command():
    assert set(chipsmith.__all__) == set(NAMES.split())
    assert set(cli.app.commands) == {name.replace("_", "-") for name in NAMES.split()}
    assert all(inspect.isfunction(getattr(chipsmith, name)) for name in chipsmith.__all__)
    assert inspect.unwrap(chipsmith.synth) is VERBS["synth"].function
    assert pickle.loads(pickle.dumps(chipsmith.synth)) is chipsmith.synth


def test_a_star_import_brings_the_verbs():
    names: dict[str, object] = {}
    exec("from chipsmith import *", names)
    assert set(names) - {"__builtins__"} == set(chipsmith.__all__)


def test_what_is_no_verb_is_an_attribute_error_that_names_it():
    with pytest.raises(AttributeError, match="'polish'"):
        chipsmith.polish  # noqa: B018 the access alone is tested


def test_no_package_bears_a_verbs_name():
    assert not {module.name for module in pkgutil.iter_modules(chipsmith.__path__)} & set(VERBS)


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_a_verb_says_what_it_does_and_what_each_word_is(verb):
    assert verb.summary.endswith(".")
    assert any(word in verb.function.__doc__ for word in ("Raises", "errors")) or not verb.parameters
    assert all(word.help.endswith(".") for word in verb.words)
    flags = [flag for word in verb.words for flag in word.flags]
    assert len(flags) == len(set(flags))


def test_a_parameter_without_a_form_is_refused():
    def polish(surface: str) -> None: ...

    with pytest.raises(TypeError, match="polish: surface"):
        list(parameters_of(polish))


def test_a_group_of_options_is_one_parameter_in_python():
    places = [word.place for word in VERBS["compress"].words]
    assert {"budget.max_latency_us", "budget.max_energy_uj", "budget.max_accuracy_drop"} <= set(places)
    assert "budget" in inspect.signature(chipsmith.compress).parameters


def test_the_tables_of_the_page():
    assert usage(VERBS["rtl"]) == "chipsmith rtl [CHIP]"
    assert usage(VERBS["predict"]) == "chipsmith predict P.program|RUN INPUT..."
    table = verb_table(VERBS.values())
    assert "| `chipsmith doctor` | What is installed" in table
    assert "Exit code 1 where a bit or a cycle differs." in table
    words = word_tables([VERBS["conformance"], VERBS["predict"], VERBS["chips"]])
    assert "| `--op` | `ops` | An operator, such as conv2d; repeatable. |  |" in words
    assert "| `--temperature` | `temperature` | 0 takes the likeliest token; 1 draws by probability. | `0.0` |" in words
    assert "| `--schema` | | Print the JSON Schema of a chip file. | |" in words
