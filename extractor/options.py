"""Options from loose values: the one place where a door's arguments become `records.Options`."""

from __future__ import annotations

import dataclasses
import difflib
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

from pydantic import TypeAdapter, ValidationError

from extractor.errors import InvalidRequest
from extractor.records import OFFLINE_MODEL, Options, Rung

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Inclusive limits of numeric options: name -> (least, most). Source: the model's page at OpenRouter.
LIMITS = {
    "max_tokens": (1, 1_000_000),
    "temperature": (0.0, 2.0),
    "top_p": (1e-6, 1.0),
    "seed": (-(2**63), 2**63 - 1),
    "presence_penalty": (-2.0, 2.0),
    "max_attempts": (1, 10),
    "max_cost_usd": (0.0, 1e6),
    "deadline_s": (1.0, 30 * 86_400.0),
}
#: Models beside the first, and providers of one rule, at most.
MAX_NAMES = 20
#: Characters of such a name at most.
LONGEST_NAME = 200
#: US dollars per million tokens that a ceiling may be at most.
HIGHEST_PRICE = 1e6
#: Likeness from 0 to 1 above which a name is taken for a slip of the pen.
NEAR = 0.6
#: Characters of an unknown name that are looked at and quoted.
QUOTED = 80
NAMES = tuple(field.name for field in dataclasses.fields(Options))
#: Words for a model that stands in a relation to the one that was asked; every other one is a name.
_RELATIVES = ("same", "sibling")


def options_from(values: Mapping[str, Any]) -> Options:
    """Return the options that `values` states; None means "not stated".

    Raises:
        InvalidRequest: an unknown name, a value of the wrong type or out of range, or two that exclude each other.
    """
    stated = {name: value for name, value in values.items() if value is not None}
    for name in values:
        if name not in NAMES:
            quoted = str(name)[:QUOTED]
            nearest = difflib.get_close_matches(quoted, NAMES, n=1, cutoff=NEAR)
            hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
            raise InvalidRequest(f"There is no option {quoted!r}.{hint} Options: {', '.join(NAMES)}.")
    try:
        options = _adapter().validate_python(stated)
    except ValidationError as error:
        problems = dict.fromkeys(_say(problem) for problem in error.errors(include_url=False))
        raise InvalidRequest(" ".join(problems)) from None
    _check_ranges(options, stated)
    _check_models(options)
    _check_policy(options)
    return options


def models_named(options: Options) -> dict[str, tuple[str, ...]]:
    """Return the models that each option names. What stands in a relation to one of them is named by it."""
    repairing = options.repair_model
    named = {"model": (options.model,), "models": options.models}
    return named | {"repair_model": () if repairing is None or repairing in _RELATIVES else (repairing,)}


@cache
def _adapter() -> TypeAdapter[Options]:
    return TypeAdapter(Options)


def _say(problem: Any) -> str:
    if problem["loc"][0] == "enforcement":  # a union of two lists of words, which pydantic would tell one by one
        return f"Option 'enforcement': must be auto, required or one of {', '.join(get_args(Rung))}."
    name = ".".join(str(part) for part in problem["loc"])
    return f"Option {name!r}: {problem['msg'][0].lower()}{problem['msg'][1:]}."


def _decimal(limit: float) -> str:
    """Write a limit without an exponent."""
    return str(int(limit)) if limit == int(limit) else f"{Decimal(str(limit)):f}"


def _check_ranges(options: Options, stated: Mapping[str, Any]) -> None:
    for name, (least, most) in LIMITS.items():
        value = getattr(options, name)
        if isinstance(stated.get(name), bool):
            raise InvalidRequest(f"Option {name!r} must be a number, not true or false.")
        if value is not None and not least <= value <= most:
            raise InvalidRequest(f"Option {name!r} must be between {_decimal(least)} and {_decimal(most)}.")
    thinking = options.reasoning
    if thinking and thinking.effort is not None and thinking.max_tokens is not None:
        raise InvalidRequest("Option 'reasoning' takes 'effort' or 'max_tokens', not both.")


def _check_models(options: Options) -> None:
    _check_names("models", options.models)
    if options.model in options.models or len(set(options.models)) < len(options.models):
        raise InvalidRequest("Option 'models' names a model twice; the first one is option 'model'.")
    if OFFLINE_MODEL in options.models:
        raise InvalidRequest(f"{OFFLINE_MODEL} is never a fallback. Choose it as option 'model'.")
    repairing = models_named(options)["repair_model"]
    _check_names("repair_model", repairing)
    if OFFLINE_MODEL in repairing and options.model != OFFLINE_MODEL:
        raise InvalidRequest(f"{OFFLINE_MODEL} repairs no answers of others. Choose it as option 'model'.")


def _check_policy(options: Options) -> None:
    policy = options.provider
    if policy is None:
        return
    for name in ("order", "only", "ignore"):
        _check_names(f"provider.{name}", getattr(policy, name))
    ceiling = policy.max_price
    for stated in (ceiling.prompt, ceiling.completion) if ceiling is not None else ():
        if stated is not None and not 0 <= stated <= HIGHEST_PRICE:
            raise InvalidRequest(f"Option 'provider.max_price' must be between 0 and {_decimal(HIGHEST_PRICE)}.")


def _check_names(option: str, names: tuple[str, ...]) -> None:
    if len(names) > MAX_NAMES:
        raise InvalidRequest(f"Option {option!r} may have {MAX_NAMES} names at most.")
    if not all(0 < len(name) <= LONGEST_NAME and name.isprintable() for name in names):
        raise InvalidRequest(f"Option {option!r} must list names of 1 to {LONGEST_NAME} printable characters.")
