"""How a command takes what its verb takes: metadata that stands beside each parameter in the verb's signature.

    def estimate(model: Annotated[str, Argument(help="A network.")], chip: Annotated[str, Option(help="A chip.")]): ...

A parameter's place, name, type and default are the function's own; a parameter that may be something that no command
line can say (an array, a Chip) is given there by its text: a name or a file.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, get_args, get_origin


@dataclass(frozen=True, kw_only=True)
class Argument:
    """A parameter that a command takes by its place; `metavar` stands for it in the usage (default its name).

    `suggest` gives words that a shell offers for it, beside files; `choices` all words of a closed set, which a shell
    offers too. `adopt` makes of a value what the verb takes, as the folder of a run of its name. `agent_help` is said
    to an agent instead of `help`, where that speaks of a terminal.
    """

    help: str
    metavar: str | None = None
    choices: Callable[[], tuple[str, ...]] | None = None
    agent_help: str = ""
    suggest: Callable[[], Iterator[str]] | None = None
    adopt: Callable[[Any], Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Option:
    """A parameter that a command takes by `flags` (default `--` and its name).

    A sequence is an option that may be repeated, or one text whose parts are divided by `separator`. A tuple is an
    option that takes several words at once, which `metavar` names. `suggest`, `choices`, `adopt` and `agent_help` as
    those of an Argument; of a sequence each item is one of the choices. `suggest_for` gives words that depend on the
    others of the line, which it gets by name. A tool of an agent has no option that is `terminal_only`.
    """

    help: str
    flags: tuple[str, ...] = ()
    metavar: str | None = None
    separator: str = ""
    choices: Callable[[], tuple[str, ...]] | None = None
    agent_help: str = ""
    terminal_only: bool = False
    suggest: Callable[[], Iterator[str]] | None = None
    adopt: Callable[[Any], Any] | None = None
    suggest_for: Callable[[Mapping[str, Any]], Iterator[str]] | None = None


@dataclass(frozen=True, kw_only=True)
class OptionGroup:
    """A parameter that a command takes by several options.

    `options` gives them, each a Parameter with an Option as its form; `build` makes the value of theirs by name.
    """

    options: Callable[[], "tuple[Parameter, ...]"]
    build: Callable[[Mapping[str, Any]], object]


@dataclass(frozen=True, kw_only=True)
class Supplied:
    """A parameter that no word of the command line gives: the command itself takes it from `supply`."""

    supply: Callable[[], object]


Form = Argument | Option | OptionGroup | Supplied


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter of a verb: its name, its type, its default (`inspect.Parameter.empty` without) and its form.

    `group` is the parameter that an option of a group is a part of.
    """

    name: str
    type: Any
    default: object
    form: Form
    group: str = ""

    @property
    def place(self) -> str:
        """Where Python has it: compress's budget.max_latency_us."""
        return f"{self.group}.{self.name}" if self.group else self.name

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is inspect.Parameter.empty

    @property
    def help(self) -> str:
        """What it is, in a sentence; empty for what stands for several options, or for none."""
        return self.form.help if isinstance(self.form, Argument | Option) else ""

    @property
    def flags(self) -> tuple[str, ...]:
        """How an option is written."""
        own = self.form.flags if isinstance(self.form, Option) else ()
        return own or (f"--{self.name.replace('_', '-')}",)


def parameters_of(function: Callable[..., object]) -> Iterator[Parameter]:
    """The parameters of a verb in the order of its signature; raises TypeError for one without a form."""
    for parameter in inspect.signature(function).parameters.values():
        if get_origin(parameter.annotation) is not Annotated:
            raise TypeError(f"{function.__name__}: {parameter.name} does not say how a command takes it")
        kind, form = get_args(parameter.annotation)
        yield Parameter(name=parameter.name, type=kind, default=parameter.default, form=form)


def words_of(parameter: Parameter) -> tuple[Parameter, ...]:
    """What the command line takes for a parameter: it alone, the options of its group, or nothing."""
    match parameter.form:
        case Argument() | Option():
            return (parameter,)
        case OptionGroup():
            return tuple(replace(option, group=parameter.name) for option in parameter.form.options())
    return ()
