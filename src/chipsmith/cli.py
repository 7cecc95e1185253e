"""The command line: one command a verb, made of the rows of `chipsmith.api`.

Exit codes: 0 done, 1 a check failed, 2 bad input, 3 an operator refused; 130 interrupted, 141 the reader of stdout went
away, 143 and 129 ended by SIGTERM and SIGHUP. With --json a command prints one object on stdout and nothing else.
Messages go to stderr.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

import chipsmith
from chipsmith.api import VERBS
from chipsmith.api.door import enter
from chipsmith.api.parameter import Argument, Option, OptionGroup, Parameter, Supplied
from chipsmith.api.verb import JSON_HELP, AnyVerb
from chipsmith.api.words import is_sequence, scalar_type, split_words, tuple_parts
from chipsmith.console.completion import (
    COMPLETION_VARIABLE,
    Shell,
    completion_script,
    install_completion,
    read_shell,
)
from chipsmith.console.presentation import keep_text, print_json, quiet_stdout
from chipsmith.console.process import ExitCode, finish_process, prepare_process, print_error
from chipsmith.errors import ChipsmithError

PROGRAM = "chipsmith"
_OWN_SHELL = "$SHELL"
"""Stands for the shell that the user has, where none is named."""
DEBUG_VARIABLE = "CHIPSMITH_DEBUG"
_OBJECTS_PER_COLLECTION = 100_000
"""Objects that are made before Python looks among the young ones for garbage; its own default is 700."""

_HELP = "Neural networks and the chips they run on, designed together; every number checked by a harder witness."


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; `arguments` default to the process's own."""
    if arguments is None:
        prepare_process()
        atexit.register(finish_process)
        _start_sooner()
    try:
        _run(arguments)
    except ChipsmithError as error:
        _leave(str(error), error.exit_code)
    except click.ClickException as error:
        _show_usage(error)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        _leave("interrupted", ExitCode.INTERRUPTED)
    except Exception as error:  # a missing package, or a fault of Chipsmith's own
        if os.environ.get(DEBUG_VARIABLE):
            traceback.print_exc()
        _leave(*_unexpected(error))


def _run(arguments: Sequence[str] | None) -> None:
    """Run a command, write all that it printed, and exit."""
    code = app.main(arguments, prog_name=PROGRAM, complete_var=COMPLETION_VARIABLE, standalone_mode=False)
    sys.stdout.flush()
    sys.exit(code or 0)


def _start_sooner() -> None:
    """Spare a process that is one command what is a fifth of a short one's time and does nothing for it.

    That is to look for garbage among all that imports made, while they make it and once more at the end, and to search
    the installed packages for plugins of pydantic.
    """
    gc.set_threshold(_OBJECTS_PER_COLLECTION)
    atexit.register(gc.freeze)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def _unexpected(error: Exception) -> tuple[str, int]:
    """The message and the exit code for what no verb raises on purpose."""
    if isinstance(error, MemoryError):
        return "this needs more memory than the machine gives", 2
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("chipsmith"):
        return f"{error.name} is not installed; `chipsmith doctor` names the command that mends it", 2
    said = " ".join(str(error).split())[:200]
    return f"this is a fault of Chipsmith ({type(error).__name__}: {said}); {DEBUG_VARIABLE}=1 shows where", 1


def _show_usage(error: click.ClickException) -> None:
    text = io.StringIO()
    error.show(text)
    print_error(text.getvalue().rstrip())


def _leave(message: str, exit_code: int) -> NoReturn:
    print_error(f"{PROGRAM}: {message}")
    sys.exit(exit_code)


class Command(click.Command):
    """The command of a verb. Its parameters are made when it is called, shown or completed, not with every command."""

    def __init__(self, verb: AnyVerb) -> None:
        exit_code = f"\n\nExit code 1 where {verb.fails}." if verb.fails else ""
        super().__init__(
            verb.command,
            help=verb.summary + exit_code,
            short_help=verb.summary,
            context_settings={"show_default": True},
        )
        self.verb = verb

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Those of the verb, and those of every command."""
        if not self.params:
            self.params = list(_click_parameters(self.verb))
        return super().get_params(ctx)

    def invoke(self, ctx: click.Context) -> None:
        """Do the verb, show what it returns, and exit with 1 where that is a failure."""
        words = ctx.params
        if self.verb.schema is not None and words["schema"]:
            print_json(self.verb.schema.read())
            return
        with quiet_stdout(words["json"]):
            result = enter(self.verb, _verb_arguments(self.verb, words))
        shown = self.verb.present(result)
        if shown is None:
            return
        if words["json"]:
            print_json(shown.to_json())
            keep_text(shown)
        else:
            at_length = shown.print_verbose if words.get("verbose") else None
            (at_length or shown.print_text)()
        if shown.failure:
            _leave(shown.failure, 1)


def _click_parameters(verb: AnyVerb) -> Iterator[click.Parameter]:
    for word in verb.words:
        match word.form:
            case Argument() as form:
                yield _click_argument(word, form)
            case Option() as form:
                yield _click_option(word, form)
    if verb.verbose:
        yield click.Option(["--verbose"], is_flag=True, help=verb.verbose)
    if verb.schema is not None:
        yield click.Option(["--schema"], is_flag=True, help=verb.schema.help)
    yield click.Option(["--json"], is_flag=True, help=JSON_HELP)


def _click_argument(parameter: Parameter, form: Argument) -> click.Argument:
    metavar, default = form.metavar or parameter.name.upper(), _default_word(parameter)
    return click.Argument(
        [parameter.name],
        type=_word_type(parameter.type),
        nargs=-1 if is_sequence(parameter.type) else 1,
        required=parameter.required,
        metavar=metavar if parameter.required else f"[{metavar}]",
        help="  ".join([form.help, *(f"[default: {word}]" for word in default.values())]),
        **(_completion(form) or {"shell_complete": _offer_files}),
        **default,
    )


def _click_option(parameter: Parameter, form: Option) -> click.Option:
    return click.Option(
        [*parameter.flags, parameter.name],
        type=_word_type(parameter.type),
        is_flag=True if parameter.type is bool else None,  # False would make the value optional
        multiple=is_sequence(parameter.type) and not form.separator,
        required=parameter.required,
        metavar=form.metavar,
        help=form.help,
        **_completion(form),
        **_default_word(parameter),
    )


def _completion(form: Argument | Option) -> dict[str, Any]:
    """`shell_complete` for a word with names to offer, or none where click itself knows what to offer."""
    if isinstance(form, Option) and form.suggest_for is not None:
        return {"shell_complete": partial(_offer_for, form.suggest_for)}
    offered = form.suggest or form.choices
    if offered is None:
        return {}
    separator = form.separator if isinstance(form, Option) else ""
    return {"shell_complete": partial(_offer, offered, separator)}


def _offer_files(_context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem[str]]:
    return [CompletionItem(begun, type="file")]


def _offer_for(
    suggest: Callable[[Mapping[str, Any]], Iterator[str]],
    context: click.Context,
    parameter: click.Parameter,
    begun: str,
) -> list[CompletionItem[str]]:
    """The same for names that depend on the other words of the line.

    Behind an option that waits for its value click leaves the arguments unread.
    """
    unread = iter(context.args)
    places = [each.name for each in context.command.params if isinstance(each, click.Argument)]
    words = {name: value for name, value in context.params.items() if value is not None}
    words |= dict(zip((name for name in places if name not in words), unread, strict=False))
    return _offer(partial(suggest, words), "", context, parameter, begun)


def _offer(
    suggest: Callable[[], Iterable[str]], separator: str, _context: click.Context, _: click.Parameter, begun: str
) -> list[CompletionItem[str]]:
    """The names that a word may go on to; files too, where none of them does. Of a list the last word is begun."""
    head, mark, word = begun.rpartition(separator) if separator else ("", "", begun)
    names = [name for name in suggest() if name.startswith(word)]
    return [CompletionItem(f"{head}{mark}{name}") for name in names] or [CompletionItem(begun, type="file")]


def _word_type(annotation: Any) -> click.ParamType[Any] | type:
    """What click makes of the words for that type."""
    parts = tuple_parts(annotation)
    if parts:
        return click.Tuple([_word_type(part) for part in parts])
    scalar = scalar_type(annotation)
    return click.Path(path_type=Path) if scalar is Path else scalar


def _default_word(parameter: Parameter) -> dict[str, Any]:
    """`default` and its word, or nothing where no word stands for it: then the verb itself has it."""
    if parameter.required or parameter.default in (None, ()):
        return {}
    if isinstance(parameter.default, tuple) and isinstance(parameter.form, Option):
        return {"default": parameter.form.separator.join(parameter.default)}
    return {"default": parameter.default}


def _verb_arguments(verb: AnyVerb, words: Mapping[str, Any]) -> dict[str, object]:
    """What the verb is called with; what the command line does not say is left to the verb's default."""
    values = {parameter.name: _value(parameter, words) for parameter in verb.parameters}
    return {name: value for name, value in values.items() if value not in (None, ())}


def _value(parameter: Parameter, words: Mapping[str, Any]) -> object:
    match parameter.form:
        case Supplied() as form:
            return form.supply()
        case OptionGroup() as form:
            return form.build({option.name: _value(option, words) for option in form.options()})
        case Option(separator=separator) if separator:
            given = words[parameter.name]
            return None if given is None else split_words(given, separator)
    return words[parameter.name]


def _show_version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        print(f"{PROGRAM} {chipsmith.__version__}")
        context.exit()


def _show_completion(context: click.Context, _: click.Parameter, shell: str | None) -> None:
    if shell:
        print(completion_script(context.command, PROGRAM, Shell(shell)))
        context.exit()


def _install_completion(context: click.Context, _: click.Parameter, shell: str | None) -> None:
    if shell is not None:
        asked = read_shell("" if shell == _OWN_SHELL else shell, os.environ)
        script = completion_script(context.command, PROGRAM, asked)
        print(install_completion(script, PROGRAM, asked, os.environ))
        context.exit()


class Commands(click.Group):
    """All commands, in the order of the verbs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 click's signature
        """Their names."""
        return list(self.commands)


app = Commands(
    PROGRAM,
    help=_HELP,
    no_args_is_help=True,
    commands={verb.command: Command(verb) for verb in VERBS.values()},
    params=[
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_show_version,
            help="Print the version.",
        ),
        click.Option(
            ["--show-completion"],
            type=click.Choice([shell.value for shell in Shell]),
            is_eager=True,
            expose_value=False,
            callback=_show_completion,
            help="Print what makes the shell complete commands and options.",
        ),
        click.Option(
            ["--install-completion"],
            is_flag=False,
            flag_value=_OWN_SHELL,
            metavar="[bash|zsh|fish]",
            is_eager=True,
            expose_value=False,
            callback=_install_completion,
            help="Have the shell complete commands, options and names, from the next terminal on.",
        ),
    ],
)


if __name__ == "__main__":
    main()
