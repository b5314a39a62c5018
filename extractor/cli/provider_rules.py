"""Which providers may be used, as it is typed: `--provider zdr=true --provider only=alibaba,deepinfra`."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from extractor.errors import InvalidRequest
from extractor.records import PriceCeiling, ProviderPolicy

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Rules that name several providers.
_LISTS = frozenset({"order", "only", "ignore"})
_NAMES = tuple(
    name
    for field in fields(ProviderPolicy)
    for name in (
        [f"max_price.{ceiling.name}" for ceiling in fields(PriceCeiling)] if field.name == "max_price" else [field.name]
    )
)


def policy_from(rules: Sequence[str]) -> dict[str, Any] | None:
    """Return the option `provider` that rules of the form NAME=VALUE state, None where there are none.

    Raises:
        InvalidRequest: a rule has no value, or a name that is not known; values are judged with the other options.
    """
    policy: dict[str, Any] = {}
    for rule in rules:
        name, equals, value = (part.strip() for part in rule.partition("="))
        if name not in _NAMES or not equals or not value:
            raise InvalidRequest(f"--provider takes NAME=VALUE, where NAME is one of {', '.join(_NAMES)}.")
        place, _, member = name.partition(".")
        if member:
            policy.setdefault(place, {})[member] = value
        elif place in _LISTS:
            policy[place] = [*policy.get(place, []), *(slug.strip() for slug in value.split(",") if slug.strip())]
        else:
            policy[place] = value
    return policy or None
