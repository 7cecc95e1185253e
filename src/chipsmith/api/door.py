"""The two doors to a verb: the command line's and Python's.

Both have each argument's value adopted as its form says. Python's words its errors for who calls from Python: what a
command's option is called there, and what an argument is called that the verb does not have.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chipsmith.api.adopt import adopt_words
from chipsmith.api.parameter import Argument, Option, OptionGroup, Parameter
from chipsmith.api.verb import AnyVerb
from chipsmith.api.words import is_sequence, split_words
from chipsmith.errors import ChipsmithError
from chipsmith.suggest import nearest_name

_OPTION = re.compile(r"(?<![\w-])--([a-z][a-z-]*)( [^\s,;:()]+)?")
_NAMED = "in Python"
"""A message that says this names Python's form itself."""


def enter(verb: AnyVerb, arguments: Mapping[str, Any]) -> Any:
    """Call a verb with these arguments by name, each adopted as its form says. Raises as the verb."""
    return verb.function(**adopt_arguments(verb, arguments))


def adopt_arguments(verb: AnyVerb, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as the verb takes them. Raises BadInput for a value that stands for nothing."""
    forms = {parameter.name: parameter for parameter in verb.parameters}
    return {name: _adopt(forms[name], value) for name, value in arguments.items()}


def _adopt(parameter: Parameter, value: Any) -> Any:
    form = parameter.form
    if not isinstance(form, Argument | Option):
        return value
    if form.adopt is not None:
        return form.adopt(value)
    if not is_sequence(parameter.type):
        return value
    if isinstance(form, Option) and form.separator and isinstance(value, str):
        return split_words(value, form.separator)
    return adopt_words(value)


@functools.cache
def python_function(verb: AnyVerb) -> Callable[..., Any]:
    """The function of the package `chipsmith`: the verb's own, entered from Python."""
    signature = inspect.signature(verb.function)

    @functools.wraps(verb.function)
    def entered(*places: Any, **names: Any) -> Any:
        try:
            given = signature.bind(*places, **names)
        except TypeError as error:
            raise TypeError(describe_call(verb, str(error), places, names)) from None
        try:
            given.arguments.update(adopt_arguments(verb, given.arguments))
            return verb.function(*given.args, **given.kwargs)
        except ChipsmithError as error:
            error.args = (in_python(verb, str(error)), *error.args[1:])
            raise

    entered.__module__ = "chipsmith"  # where it is found again when it is unpickled
    return entered


def in_python(verb: AnyVerb, message: str) -> str:
    """A message of a verb, with what each option that it names is called in Python.

    Words in backticks are commands, and what the verb has no option for is another tool's: both stay alone.
    """
    if _NAMED in message:
        return message
    plain = " ".join(message.split("`")[::2])
    forms = dict.fromkeys(_python_forms(verb, plain))
    return f"{message} ({_NAMED} {', '.join(forms)})" if forms else message


def unknown_options(verb: AnyVerb, message: str) -> list[str]:
    """The options that a message tells the caller of a verb to use, and that the verb does not have."""
    known = {flag for word in verb.words for flag in word.flags}
    named = [f"--{match[1]}" for match in _OPTION.finditer(" ".join(message.split("`")[::2]))]
    return [option for option in named if option not in known]


def _python_forms(verb: AnyVerb, text: str) -> Iterator[str]:
    words = {flag: word for word in verb.words for flag in word.flags if isinstance(word.form, Option)}
    for match in _OPTION.finditer(text):
        word = words.get(f"--{match[1]}")
        if word is not None:
            yield _python_form(word, (match[2] or "").strip())


def _python_form(word: Parameter, value: str) -> str:
    """calibration=array for a file of arrays, wipe=True for what is switched on, else the argument's name."""
    if word.type is bool:
        return f"{word.place}=True"
    return f"{word.place}=array" if value.endswith((".npy", ".npz")) else word.place


def describe_call(verb: AnyVerb, fault: str, places: tuple[Any, ...], names: Mapping[str, Any]) -> str:
    """What is wrong with the arguments of a call, and what they are called."""
    known = {parameter.name: parameter for parameter in verb.parameters}
    wrong = next((name for name in names if name not in known), None)
    if wrong is not None:
        meant = _meant(wrong, verb)
        hint = f"; did you mean {meant}?" if meant else f"; it takes {', '.join(known)}"
        return f"chipsmith.{verb.name} has no argument '{wrong}'{hint}"
    taken = [name for name, parameter in known.items() if isinstance(parameter.form, Argument)]
    if len(places) > len(taken):
        by_name = ", ".join(name for name in known if name not in taken)
        several = next((name for name in taken if is_sequence(known[name].type)), None)
        lists = f"; several {several} are a list" if several else ""
        count = f"{len(places)} are given" if len(places) > 1 else "one is given"
        return (
            f"chipsmith.{verb.name} takes {', '.join(taken) or 'nothing'} by place, and {count}{lists}; "
            f"the rest is given by name: {by_name}"
        )
    return f"chipsmith.{verb.name}: {fault}"


def _meant(wrong: str, verb: AnyVerb) -> str | None:
    """The argument that a wrong name was meant to be: what the command calls so, one of a group, or the nearest."""
    flag = f"--{wrong.replace('_', '-')}"
    for word in verb.words:
        if flag in word.flags:
            return word.place
    near = nearest_name(wrong, [parameter.name for parameter in verb.parameters])
    groups = [parameter for parameter in verb.parameters if isinstance(parameter.form, OptionGroup)]
    return near or next((group.name for group in groups if wrong in group.name), None)
