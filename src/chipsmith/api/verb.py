"""A verb: a Python function that is a command too."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from chipsmith.api.parameter import Parameter, parameters_of, words_of
from chipsmith.console.presentation import Presentation
from chipsmith.schema import Json

JSON_HELP = "Print one JSON object and nothing else."
"""What `--json` does, which every command takes."""

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The JSON Schema that `--schema` prints instead of doing the verb: `of` what it is, and what gives it."""

    of: str
    read: Callable[[], Json]

    @property
    def help(self) -> str:
        """What `--schema` does."""
        return f"Print the JSON Schema of {self.of}."


@dataclass(frozen=True, kw_only=True)
class Verb(Generic[Result]):
    """A function of the package `chipsmith`, and the command of the same name, with hyphens between its words.

    `present` says how the command shows what the function returns, None where another process shows it; its `failure`
    makes the command exit with 1. `fails` says in words when that is, empty where it never does. `verbose` says what
    `--verbose` shows beside, which is the command's alone; empty where it has no such option.
    """

    function: Callable[..., Result]
    present: Callable[[Result], Presentation | None]
    fails: str = ""
    verbose: str = ""
    schema: Schema | None = None

    @property
    def name(self) -> str:
        """The function's."""
        return self.function.__name__

    @property
    def command(self) -> str:
        """The command's."""
        return self.name.replace("_", "-")

    @property
    def summary(self) -> str:
        """The first sentence of the function's docstring."""
        return str(self.function.__doc__).partition("\n")[0]

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What it takes, in order."""
        return tuple(parameters_of(self.function))

    @property
    def words(self) -> tuple[Parameter, ...]:
        """What its command takes: arguments and options, those of groups one by one."""
        return tuple(word for parameter in self.parameters for word in words_of(parameter))


AnyVerb = Verb[Any]
