"""What values are to JSON Schema: their types, when two are equal, and what is a multiple of what.

Python takes 1 for True and finds no whole number in 19.99 / 0.01; JSON Schema means neither.
"""

from __future__ import annotations

import math
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from extractor.jsontext import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from extractor.records import Json

_KINDS: Final = {
    str: ("string",),
    bool: ("boolean",),
    int: ("integer", "number"),
    float: ("number",),
    list: ("array",),
    dict: ("object",),
    type(None): ("null",),
}
#: Above this, whole numbers are hashed by their digits: Python's own hash of them can be made to collide.
_LARGE: Final = 1 << 60
#: Decimals to which Python rounds floats exactly. A number that this leaves as it is has no further ones as written.
_MAX_DECIMALS: Final = 300
#: Arithmetic that fails where it would have to round.
_EXACT: Final = Context(prec=60, traps=[InvalidOperation, Inexact])


def kinds(value: Json) -> tuple[str, ...]:
    """Return the JSON types of `value`: 1 and 1.0 are integers and numbers."""
    if isinstance(value, float) and value.is_integer():
        return ("integer", "number")
    return _KINDS.get(type(value), ())


def text_of(value: Json) -> bytes:
    """Return the text by which values are compared: 1 and 1.0 are equal, 1 and true are not."""
    return canonical(_whole(value))


def _whole(value: Json) -> Json:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return {name: _whole(member) for name, member in value.items()} if isinstance(value, dict) else value


def frozen(value: Json) -> Any:
    """Return a hashable stand-in that is equal for equal JSON and unequal for other: 1 and 1.0 are, 1 and true not."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return ("object", frozenset((name, frozen(member)) for name, member in value.items()))
    if isinstance(value, list):
        return ("array", tuple(frozen(item) for item in value))
    if isinstance(value, bool):
        return ("boolean", value)
    return frozen_number(value)


def frozen_number(value: Json) -> Any:
    """Return the stand-in of a number, or of null."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return ("digits", hex(value)) if isinstance(value, int) and abs(value) >= _LARGE else value


def are_unique(values: list[Json]) -> bool:
    """Return whether no two of some values are equal."""
    if all(type(value) is str for value in values):
        return len(set(values)) == len(values)
    return len({frozen(value) for value in values}) == len(values)


def among(values: Iterable[Json]) -> Callable[[Json], bool]:
    """Return a predicate that tells whether a value equals one of some, however many they are."""
    known = frozenset(map(frozen, values))
    return lambda value: frozen(value) in known


def multiple_of(divisor: Json) -> Callable[[Json], bool]:
    """Return a predicate that tells whether a number is a multiple of another as both are written: 19.99 of 0.01."""
    above, below = _ratio(divisor)
    decimals = len(str(below)) - 1
    if above == 1 and below == 10**decimals and decimals <= _MAX_DECIMALS:
        return lambda value: -math.inf < value == round(value, decimals) < math.inf
    written, remainder = Decimal(repr(divisor)), _EXACT.remainder

    def is_multiple(value: Json) -> bool:
        if isinstance(value, int):
            return value * below % above == 0
        try:
            return not remainder(Decimal(repr(value)), written)
        except ArithmeticError:  # too many digits for that, or no number at all
            if not math.isfinite(value):
                return False
        numerator, denominator = _ratio(value)
        return numerator * below % (denominator * above) == 0

    return is_multiple


def _ratio(number: Json) -> tuple[int, int]:
    """Return the fraction that a number is as it is written, not as it is stored."""
    return (number, 1) if isinstance(number, int) else Decimal(repr(number)).as_integer_ratio()
