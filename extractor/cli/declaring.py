"""Commands from records: the fields of a frozen dataclass are the arguments and options of a command."""

from __future__ import annotations

import inspect
from dataclasses import MISSING, fields
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable

A = TypeVar("A")


def taking(arguments: type[A]) -> Callable[[Callable[[A], int]], Callable[..., int]]:
    """Let a function of one record be declared as a typer command, which wants a parameter per option.

    Args:
        arguments: A dataclass whose fields are annotated `Annotated[type, typer.Option(…)]`.
    """
    hints = get_type_hints(arguments, include_extras=True)
    parameters = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(arguments)  # type: ignore[arg-type] # a dataclass; the type system has no name for one
    ]

    def declare(function: Callable[[A], int]) -> Callable[..., int]:
        @wraps(function)
        def command(**values: Any) -> int:
            return function(arguments(**values))

        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # read by inspect.signature
        command.__doc__ = _flowing(inspect.getdoc(function) or "")
        command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return command

    return declare


def _flowing(text: str) -> str:
    """Return a docstring with a line for each paragraph: typer keeps line breaks, and terminals are narrower."""
    return "\n\n".join(paragraph.replace("\n", " ") for paragraph in text.split("\n\n"))
