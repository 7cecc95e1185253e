"""What repeats a call of a verb: the command that does the same, and the call in Python."""

import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from chipsmith.api.parameter import Argument, Parameter, Supplied, parameters_of

if TYPE_CHECKING:
    from chipsmith.reports.run_facts import CommandRecord

_NOT_REPEATED = ("out", "resume", "track")
"""What says where a run goes and who is told of it, and nothing of what it is."""


def repeat_call(function: Callable[..., object], given: Mapping[str, object]) -> "CommandRecord":
    """The command and the call that repeat a call of a verb with these arguments, by name.

    A recipe or a chip that was given as such is named by its file in the run folder: the record says which files.
    """
    from chipsmith.reports.run_facts import CommandRecord

    files: list[str] = []
    named = {name: _name(value, files) for name, value in _with_allowed(given).items()}
    words, arguments = [function.__name__.replace("_", "-")], []
    for parameter in parameters_of(function):
        value = named.get(parameter.name)
        if isinstance(parameter.form, Supplied) or parameter.name in _NOT_REPEATED or value is None:
            continue
        if isinstance(parameter.form, Argument):
            words.append(str(value))
            arguments.append(repr(value))
        elif value != parameter.default and value != []:
            words += _option(parameter, value)
            arguments.append(f"{parameter.name}={value!r}")
    shell = shlex.join(["chipsmith", *words])
    return CommandRecord(
        shell=shell, python=f"chipsmith.{function.__name__}({', '.join(arguments)})", files=tuple(files)
    )


def _option(parameter: Parameter, value: object) -> Iterator[str]:
    flag = parameter.flags[0]
    if value is True:
        yield flag
        return
    for item in value if isinstance(value, list) else [value]:
        yield from (flag, str(item))


def _with_allowed(given: Mapping[str, object]) -> dict[str, object]:
    """With the functions allowed that a Recipe names: its file, unlike the thing itself, is not run unasked."""
    from chipsmith.learn import Recipe
    from chipsmith.learn.functions import functions_of

    recipe, allowed = given.get("recipe"), given.get("allow", ())
    named = functions_of(recipe.network) if isinstance(recipe, Recipe) else ()
    assert isinstance(allowed, list | tuple)
    return {**given, "allow": list(dict.fromkeys((*allowed, *named)))}


def _name(value: object, files: list[str]) -> object:
    """A value as plain Python values; what is named by a file goes to `files`."""
    from chipsmith.chip import Chip, load_catalogue
    from chipsmith.flow.run_files import CHIP_FILE, RECIPE
    from chipsmith.learn import Recipe

    if isinstance(value, Recipe):
        files.append(RECIPE)
        return RECIPE
    if isinstance(value, Chip):
        name = next((name for name, chip in load_catalogue().items() if chip == value), None)
        if name is None:
            files.append(CHIP_FILE)
        return name or CHIP_FILE
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return list(value) if isinstance(value, tuple) else value
