"""The verbs as tools of an agent: the JSON Schema of what each takes, and the words of the command that does it.

A tool's arguments have the names that the verb's parameters have in Python, those of groups one by one, as on the
command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chipsmith.api.agent_results import Detail
from chipsmith.api.agent_text import describe_argument
from chipsmith.api.parameter import Argument, Option, Parameter, Supplied
from chipsmith.api.verb import AnyVerb
from chipsmith.api.words import Scalar, is_sequence, scalar_type, split_words, tuple_parts
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
STANDARD_INPUT = "-"
"""The default of what a command reads from where it was started, which an agent never has."""
DETAIL = "detail"
"""The argument that each tool has beside its verb's: how much of the result is given."""
_DETAIL_HELP = "full: lists of the result are not cut."
_TEXTS: Json = {"type": "array", "items": {"type": "string"}}
RESULT_SCHEMA: Json = {
    "type": "object",
    "properties": {"schema_version": {"type": "integer", "const": SCHEMA_VERSION}},
    "required": ["schema_version"],
}
"""What every tool gives: the object of `--json`, or that of an error."""


def input_schema(verb: AnyVerb) -> Json:
    """The JSON Schema of a tool's arguments."""
    aliases = _aliases(verb).items()
    return {
        "type": "object",
        "properties": {
            **{word.name: _word_schema(word) for word in tool_words(verb)},
            **{alias: {"type": ["array", "string"], "description": f"The same as {name}."} for alias, name in aliases},
            DETAIL: {"enum": list(Detail), "default": Detail.BRIEF.value, "description": _DETAIL_HELP},
        },
        "required": [word.name for word in tool_words(verb) if _is_required(word)],
        "additionalProperties": False,
    }


def tool_words(verb: AnyVerb) -> tuple[Parameter, ...]:
    """The arguments of a verb's tool: those of its command that have a meaning without a terminal."""
    return tuple(word for word in verb.words if not (isinstance(word.form, Option) and word.form.terminal_only))


def read_detail(arguments: Mapping[str, Any]) -> Detail:
    """How much of its result a call asks for. Raises BadInput."""
    asked = arguments.get(DETAIL) or Detail.BRIEF
    if asked not in list(Detail):
        raise BadInput(f"{DETAIL} is {' or '.join(Detail)}, not {asked!r}")
    return Detail(asked)


def command_words(verb: AnyVerb, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """The words behind `chipsmith` that do the verb with these arguments and print one JSON object.

    Raises BadInput for an argument that the verb does not take, that has another type, or that is missing.
    """
    given = _without_aliases(verb, arguments)
    _check_names(verb, given)
    words = tool_words(verb)
    values = {word.name: _divided(word, given[word.name]) for word in words if given.get(word.name) is not None}
    for word in words:
        _check_value(verb, word, values)
    options = [part for word in _options(verb) if word.name in values for part in _option(word, values[word.name])]
    places = [part for word in _places(verb) if word.name in values for part in _texts(values[word.name])]
    return (verb.command, *options, "--json", "--", *places)


def _aliases(verb: AnyVerb) -> Mapping[str, str]:
    """Other names that the verb has in Python for one of its arguments, each with that argument's own name."""
    others = {parameter.name for parameter in verb.parameters if isinstance(parameter.form, Supplied)}
    flags = {flag.removeprefix("--").replace("-", "_"): word.name for word in verb.words for flag in word.flags}
    return {other: flags[other] for other in others if other in flags}


def _without_aliases(verb: AnyVerb, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """The arguments under their own names, and without what is the server's. Raises BadInput for one given twice."""
    aliases = _aliases(verb)
    for alias, name in aliases.items():
        if arguments.get(alias) is not None and arguments.get(name) is not None:
            raise BadInput(f"{alias} and {name} are one thing by two words: give one of them")
    given = {name: value for name, value in arguments.items() if name != DETAIL}
    named = {name: value for name, value in given.items() if name not in aliases}
    return {**named, **{aliases[name]: value for name, value in given.items() if name in aliases and value is not None}}


def _divided(word: Parameter, value: Any) -> Any:
    """A text whose parts a separator divides, as a list."""
    separator = _separator(word)
    if separator and isinstance(value, str):
        return split_words(value, separator)
    return value


def _is_required(word: Parameter) -> bool:
    """Whether it must be given; an agent has no standard input for what else would be read there."""
    return word.required or word.default == STANDARD_INPUT


def _options(verb: AnyVerb) -> Iterable[Parameter]:
    return (word for word in verb.words if isinstance(word.form, Option))


def _places(verb: AnyVerb) -> Iterable[Parameter]:
    return (word for word in verb.words if isinstance(word.form, Argument))


def _word_schema(word: Parameter) -> Json:
    default = {} if _is_required(word) or word.default in (None, ()) else {"default": _plain(word.default)}
    return {**_value_schema(word), "description": describe_argument(word), **default}


def _value_schema(word: Parameter) -> Json:
    """What a tool takes for a word: a list, or the text itself, for one text whose parts the command line divides."""
    items = {"type": "string", **_choices(word)}
    if _separator(word):
        return {"type": ["array", "string"], "items": items}
    if is_sequence(word.type):
        return {"type": "array", "items": items}
    return {**_type_schema(word.type), **_choices(word)}


def _choices(word: Parameter) -> Json:
    choices = word.form.choices if isinstance(word.form, Option | Argument) else None
    return {} if choices is None else {"enum": [str(choice) for choice in choices()]}


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
    known = [word.name for word in tool_words(verb)]
    for name in arguments:
        if name not in known:
            hint = nearest_at_end(name, known) or f"; it takes {', '.join(known) or 'nothing'}"
            raise BadInput(f"{verb.name} has no argument {name}{hint}")


def _check_value(verb: AnyVerb, word: Parameter, values: Mapping[str, Any]) -> None:
    if word.name not in values:
        if _is_required(word):
            raise BadInput(f"{verb.name} needs {word.name}: {describe_argument(word)}")
        return
    value, schema = values[word.name], _value_schema(word)
    kind = "array" if _separator(word) else schema["type"]
    if not _fits(value, kind):
        raise BadInput(f"{verb.name}: {word.name} is {_SAID[kind]}, not {value!r}: {describe_argument(word)}")
    allowed = (schema["items"] if kind == "array" else schema).get("enum") if not tuple_parts(word.type) else None
    for item in value if kind == "array" else [value]:
        if allowed is not None and item not in allowed:
            hint = nearest_at_end(str(item), allowed) or f"; it is one of {', '.join(allowed)}"
            raise BadInput(f"{verb.name}: {word.name} is not {item!r}{hint}")


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
