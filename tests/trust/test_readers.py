"""How files may be read: by few functions, none of which runs what a file holds or names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "chipsmith"

READERS = {
    "torch.load": {"learn/tensor_files.py"},
    "safe_open": {"learn/tensor_files.py"},
    "yaml.safe_load": set(),  # it takes the last of two equal keys, and unfolds aliases
    "PlainLoader": {"plain_yaml.py"},
}
"""Readers of others, and the only files that call them: each makes one message of whatever they raise."""

IMPORTERS = {
    "api/choices.py",  # enums and tables of the package, by names that stand in its own verbs
    "frontends/front_end.py",  # rows of front ends, which stand in the package
    "frontends/registry.py",
    "frontends/pytorch/user_module.py",  # a function of the user's own, which the command names
    "shown.py",  # the two functions of the package that draw, which stand above everything that is drawn
    "sim/functional.py",
    "targets/registry.py",  # the package's own targets
    "tosa/schema.py",
}
"""The files that import by name."""

FORBIDDEN = {"eval", "exec", "yaml.load", "yaml.unsafe_load", "yaml.full_load", "pickle.load", "pickle.loads"} | {
    "marshal.loads",
    "shelve.open",
    "os.system",
    "os.popen",
    "np.fromregex",
    "runpy.run_path",
    "torch.jit.load",
    "torch.hub.load",
}


def name_of(node: ast.expr) -> str:
    """`torch.load` of torch.load(...), `eval` of eval(...)."""
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Every call in the package: its file, the name of what is called, and the call."""
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield file.relative_to(SOURCE).as_posix(), name_of(node.func), node


CALLS = tuple(calls())


def options(call: ast.Call) -> dict[str | None, object]:
    return {word.arg: word.value.value for word in call.keywords if isinstance(word.value, ast.Constant)}


UNPICKLED_FROM_A_SCHEDULER = ("studies/search/remote.py", "pickle.loads")
"""On a worker of dask, which runs whatever its scheduler sends: after the two have agreed on their software."""


def test_nothing_runs_text_or_unpickles_but_what_a_worker_gets_of_its_scheduler():
    forbidden = [(file, name) for file, name, _ in CALLS if name in FORBIDDEN]
    assert forbidden == [UNPICKLED_FROM_A_SCHEDULER]


def test_each_reader_of_others_is_called_where_its_errors_become_one_message():
    for reader, files in READERS.items():
        assert {file for file, name, _ in CALLS if name == reader} <= files, reader


def test_tensors_and_arrays_are_read_without_pickles():
    assert [
        file for file, name, call in CALLS if name == "torch.load" and options(call)["weights_only"] is not True
    ] == []
    arrays = [(file, options(call).get("allow_pickle")) for file, name, call in CALLS if name == "np.load"]
    assert len(arrays) > 2
    assert {allowed for _, allowed in arrays} == {False}


def test_few_files_import_by_name():
    importing = {file for file, name, _ in CALLS if name.rsplit(".", 1)[-1] in ("import_module", "__import__")}
    assert importing <= IMPORTERS


def test_no_command_goes_through_a_shell():
    assert [file for file, _, call in CALLS if options(call).get("shell")] == []
