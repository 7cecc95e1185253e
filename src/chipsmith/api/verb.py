"""A verb: a Python function that is a command too."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from chipsmith.api.parameter import Parameter, parameters_of
from chipsmith.console.view import View
from chipsmith.schema import Json

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The JSON Schema that `--schema` prints instead of doing the verb: `of` what it is, and what gives it."""

    of: str
    read: Callable[[], Json]


@dataclass(frozen=True, kw_only=True)
class Verb(Generic[Result]):
    """A function of the package `chipsmith`, and the command of the same name.

    `view` says how the command shows what the function returns, or gives None where another process shows it. `fails`
    says in words when the command exits with 1 although it is done, empty where it never does.
    """

    function: Callable[..., Result]
    view: Callable[[Result], View | None]
    fails: str = ""
    schema: Schema | None = None

    @property
    def name(self) -> str:
        """The function's, and the command's."""
        return self.function.__name__

    @property
    def summary(self) -> str:
        """The first sentence of the function's docstring."""
        return str(self.function.__doc__).partition("\n")[0]

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What it takes, in order."""
        return tuple(parameters_of(self.function))


AnyVerb = Verb[Any]
