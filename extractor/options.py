"""Options from loose values: the one place where a door's arguments become `records.Options`."""

from __future__ import annotations

import dataclasses
import difflib
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from extractor.errors import InvalidRequest
from extractor.records import Options

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Inclusive limits of numeric options: name -> (least, most). Source: the model's page at OpenRouter.
LIMITS = {
    "max_tokens": (1, 1_000_000),
    "temperature": (0.0, 2.0),
    "top_p": (1e-6, 1.0),
    "presence_penalty": (-2.0, 2.0),
    "max_attempts": (1, 10),
    "max_cost_usd": (0.0, 1e6),
}
NAMES = tuple(field.name for field in dataclasses.fields(Options))


def options_from(values: Mapping[str, Any]) -> Options:
    """Return the options that `values` states; None means "not stated".

    Raises:
        InvalidRequest: an unknown name, a value of the wrong type or out of range, or two that exclude each other.
    """
    stated = {name: value for name, value in values.items() if value is not None}
    for name in stated:
        if name not in NAMES:
            nearest = difflib.get_close_matches(name, NAMES, n=1, cutoff=0.0)[0]
            raise InvalidRequest(f"There is no option {name!r}. Did you mean {nearest!r}? Options: {', '.join(NAMES)}.")
    try:
        options = _adapter().validate_python(stated)
    except ValidationError as error:
        raise InvalidRequest(" ".join(_say(problem) for problem in error.errors(include_url=False))) from None
    _check_ranges(options)
    return options


@cache
def _adapter() -> TypeAdapter[Options]:
    return TypeAdapter(Options)


def _say(problem: Any) -> str:
    name = ".".join(str(part) for part in problem["loc"])
    return f"Option {name!r}: {problem['msg'][0].lower()}{problem['msg'][1:]}."


def _check_ranges(options: Options) -> None:
    for name, (least, most) in LIMITS.items():
        value = getattr(options, name)
        if value is not None and not least <= value <= most:
            raise InvalidRequest(f"Option {name!r} must be between {least:g} and {most:g}.")
    thinking = options.reasoning
    if thinking and thinking.effort is not None and thinking.max_tokens is not None:
        raise InvalidRequest("Option 'reasoning' takes 'effort' or 'max_tokens', not both.")
