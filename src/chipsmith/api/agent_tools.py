"""The verbs as tools of an agent: the JSON Schema of what each takes, and the words of the command that does it.

A tool's arguments have the names that the verb's parameters have in Python, those of groups one by one, as on the
command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chipsmith.api.parameter import Argument, Option, Parameter
from chipsmith.api.verb import AnyVerb
from chipsmith.api.words import Scalar, is_sequence, scalar_type, tuple_parts
from chipsmith.errors import BadInput
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.suggest import nearest_at_end

_TYPES: Mapping[Scalar, str] = {bool: "boolean", int: "integer", float: "number", str: "string", Path: "string"}
_SAID: Mapping[str, str] = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "string": "a text",
    "array": "a list",
}
_TEXTS: Json = {"type": "array", "items": {"type": "string"}}
RESULT_SCHEMA: Json = {
    "type": "object",
    "properties": {"schema_version": {"type": "integer", "const": SCHEMA_VERSION}},
    "required": ["schema_version"],
}
"""What every tool gives: the object of `--json`, or that of an error."""


def describe_tool(verb: AnyVerb) -> str:
    """What an agent reads before it calls: the verb's whole docstring, and when its command exits with 1."""
    words = " ".join(str(verb.function.__doc__).split("\n\n")[0].split())
    rest = [" ".join(part.split()) for part in str(verb.function.__doc__).split("\n\n")[1:]]
    fails = [f"The result is an error where {verb.fails}."] if verb.fails else []
    return "\n\n".join([words, *rest, *fails])


def input_schema(verb: AnyVerb) -> Json:
    """The JSON Schema of a tool's arguments."""
    return {
        "type": "object",
        "properties": {word.name: _word_schema(word) for word in verb.words},
        "required": [word.name for word in verb.words if word.required],
        "additionalProperties": False,
    }


def command_words(verb: AnyVerb, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """The words behind `chipsmith` that do the verb with these arguments and print one JSON object.

    Raises BadInput for an argument that the verb does not take, that has another type, or that is missing.
    """
    _check_names(verb, arguments)
    values = {word.name: arguments[word.name] for word in verb.words if arguments.get(word.name) is not None}
    for word in verb.words:
        _check_value(verb, word, values)
    options = [part for word in _options(verb) if word.name in values for part in _option(word, values[word.name])]
    places = [part for word in _places(verb) if word.name in values for part in _texts(values[word.name])]
    return (verb.command, *options, "--json", "--", *places)


def _options(verb: AnyVerb) -> Iterable[Parameter]:
    return (word for word in verb.words if isinstance(word.form, Option))


def _places(verb: AnyVerb) -> Iterable[Parameter]:
    return (word for word in verb.words if isinstance(word.form, Argument))


def _word_schema(word: Parameter) -> Json:
    default = {} if word.required or word.default in (None, ()) else {"default": _plain(word.default)}
    return {**_value_schema(word), "description": word.help, **default}


def _value_schema(word: Parameter) -> Json:
    """What a tool takes for a word: a list for one text whose parts the command line divides."""
    return _TEXTS if _separator(word) else _type_schema(word.type)


def _separator(word: Parameter) -> str:
    return word.form.separator if isinstance(word.form, Option) else ""


def _type_schema(annotation: Any) -> Json:
    parts = tuple_parts(annotation)
    if parts:
        items = [_type_schema(part) for part in parts]
        return {"type": "array", "prefixItems": items, "minItems": len(parts), "maxItems": len(parts)}
    if is_sequence(annotation):
        return _TEXTS
    return {"type": _TYPES[scalar_type(annotation)]}


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _check_names(verb: AnyVerb, arguments: Mapping[str, Any]) -> None:
    known = [word.name for word in verb.words]
    for name in arguments:
        if name not in known:
            hint = nearest_at_end(name, known) or f"; it takes {', '.join(known) or 'nothing'}"
            raise BadInput(f"{verb.name} has no argument {name}{hint}")


def _check_value(verb: AnyVerb, word: Parameter, values: Mapping[str, Any]) -> None:
    if word.name not in values:
        if word.required:
            raise BadInput(f"{verb.name} needs {word.name}: {word.help}")
        return
    value, kind = values[word.name], _value_schema(word)["type"]
    if not _fits(value, kind):
        raise BadInput(f"{verb.name}: {word.name} is {_SAID[kind]}, not {value!r}: {word.help}")


def _fits(value: object, kind: str) -> bool:
    match kind:
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "array":
            return isinstance(value, Sequence) and not isinstance(value, str)
    return isinstance(value, str)


def _option(word: Parameter, value: Any) -> Iterable[str]:
    flag = word.flags[0]
    if value is True:
        return (flag,)
    if value is False:
        return ()
    if tuple_parts(word.type):
        return (flag, *_texts(value))
    separator = _separator(word)
    texts = [separator.join(_texts(value))] if separator else list(_texts(value))
    return [part for text in texts for part in _written(flag, text)]


def _written(flag: str, text: str) -> tuple[str, ...]:
    """An option and its value: in one word where that can be, for the value may begin as an option does."""
    return (f"{flag}={text}",) if flag.startswith("--") else (flag, text)


def _texts(value: Any) -> Iterable[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]
