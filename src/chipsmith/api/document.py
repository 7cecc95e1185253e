"""The tables of docs/commands.md, made of the verbs."""

from collections.abc import Iterable

from chipsmith.api.parameter import Argument, Option, Parameter
from chipsmith.api.verb import AnyVerb


def verb_table(verbs: Iterable[AnyVerb]) -> str:
    """A Markdown table with a row for each verb: how the command is called, and what it does."""
    rows = [f"| `{usage(verb)}` | {_effect(verb)} |" for verb in verbs]
    return "\n".join(["| command | what it does |", "|---|---|", *rows])


def word_tables(verbs: Iterable[AnyVerb]) -> str:
    """For each verb that takes anything a heading, and a Markdown table of what its command takes."""
    return "\n\n".join(_word_table(verb) for verb in verbs if verb.words or verb.schema)


def usage(verb: AnyVerb) -> str:
    """How the command is called, with the options that it needs: chipsmith rtl [CHIP] --out OUT."""
    needed = [word for word in verb.words if isinstance(word.form, Argument) or word.required]
    return " ".join(["chipsmith", verb.command, *(_needed_word(word) for word in needed)])


def _needed_word(word: Parameter) -> str:
    if isinstance(word.form, Argument):
        metavar = word.form.metavar or word.name.upper()
        return metavar if word.required else f"[{metavar}]"
    return f"{word.flags[0]} {word.name.upper()}"


def _effect(verb: AnyVerb) -> str:
    return f"{verb.summary} Exit code 1 where {verb.fails}." if verb.fails else verb.summary


def _word_table(verb: AnyVerb) -> str:
    rows = [_word_row(word) for word in verb.words]
    if verb.verbose:
        rows.append(f"| `--verbose` | | {verb.verbose} | |")
    if verb.schema is not None:
        rows.append(f"| `--schema` | | {verb.schema.help} | |")
    return "\n".join(
        [f"### {verb.command}", "", "| word | in Python | what it is | default |", "|---|---|---|---|", *rows]
    )


def _word_row(word: Parameter) -> str:
    written = _needed_word(word) if isinstance(word.form, Argument) else _written_option(word)
    return f"| `{written}` | `{word.place}` | {word.help} | {_default(word)} |"


def _written_option(word: Parameter) -> str:
    metavar = word.form.metavar if isinstance(word.form, Option) else None
    return ", ".join(word.flags) + (f" {metavar}" if metavar else "")


def _default(word: Parameter) -> str:
    if word.required:
        return "needed"
    if isinstance(word.default, tuple):
        return ", ".join(f"`{item}`" for item in word.default)
    return "" if word.default is None or word.default is False else f"`{word.default}`"
