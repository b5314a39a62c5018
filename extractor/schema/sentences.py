"""Rules in words: one short sentence per keyword that says what is right, for models and for people.

The sentences hold values of the schema only, cut to a bounded length, never values of a document or an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extractor.jsontext import dumps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from extractor.records import Json

#: Characters that one quoted value, list or sub-schema may take.
MAX_QUOTED: Final = 300
#: Values that a list of allowed ones may name.
MAX_LISTED: Final = 20

_TYPES: Final = {
    "object": "an object",
    "array": "a list",
    "string": "a string",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}
_FORMATS: Final = {
    "date": "a date, written YYYY-MM-DD",
    "date-time": "a date and time, written YYYY-MM-DDThh:mm:ss",
    "time": "a time, written hh:mm:ss",
    "duration": "a duration in ISO 8601, such as P1DT2H",
    "email": "an e-mail address",
    "hostname": "a host name",
    "ipv4": "an IPv4 address",
    "ipv6": "an IPv6 address",
    "uuid": "a UUID",
    "uri": "a URI with its scheme, such as https://example.org/",
}


def _types(stated: Json) -> str:
    names = [stated] if isinstance(stated, str) else list(stated)
    return f"Must be {' or '.join(_TYPES.get(name, str(name)) for name in names)}."


def listed(values: Json) -> str:
    """Return the first of some values as text, and how many more there are."""
    shown: list[str] = []
    for value in values[:MAX_LISTED]:
        text = quoted(value)
        if sum(map(len, shown)) + len(text) > MAX_QUOTED:
            break
        shown.append(text)
    more = len(values) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def quoted(value: Json) -> str:
    """Return a value of the schema as JSON, cut to a bounded length."""
    text = dumps(value)
    return text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 1] + "…"


def _count(value: Json, noun: str) -> str:
    return f"{value} {noun}" if value == 1 else f"{value} {noun}s"


def _dependencies(value: Json) -> str:
    rules = [_dependency(name, needs) for name, needs in value.items() if needs != []]
    return f"Members depend on each other: {'; '.join(rules[:MAX_LISTED])}."


def _dependency(name: str, needs: Json) -> str:
    then = f"{listed(needs)} must be too" if isinstance(needs, list) else f"all of it must fit {quoted(needs)}"
    return f"where {quoted(name)} is given, {then}"


def condition(rules: Mapping[str, Json]) -> str:
    """Return what an `if` asks for with the `then` and `else` beside it; "" where it asks for nothing."""
    then, otherwise = rules.get("then", True), rules.get("else", True)
    parts = [] if then is True else [f"where it fits {quoted(rules['if'])}, it must fit {quoted(then)}"]
    if otherwise is not True:
        where = "otherwise" if parts else f"where it does not fit {quoted(rules['if'])},"
        parts.append(f"{where} it must fit {quoted(otherwise)}")
    says = "; ".join(parts)
    return says and f"{says[0].upper()}{says[1:]}."


_SENTENCES: Final[dict[str, Callable[[Json], str]]] = {
    "type": _types,
    "enum": lambda value: f"Must be one of: {listed(value)}.",
    "const": lambda value: f"Must be {quoted(value)}.",
    "pattern": lambda value: f"Must match the regular expression {quoted(value)}.",
    "format": lambda value: f"Must be {_FORMATS.get(value, f'of the format {quoted(value)}')}.",
    "minimum": lambda value: f"Must be at least {quoted(value)}.",
    "maximum": lambda value: f"Must be at most {quoted(value)}.",
    "exclusiveMinimum": lambda value: f"Must be greater than {quoted(value)}.",
    "exclusiveMaximum": lambda value: f"Must be less than {quoted(value)}.",
    "multipleOf": lambda value: f"Must be a multiple of {quoted(value)}.",
    "minLength": lambda value: f"Must have at least {_count(value, 'character')}.",
    "maxLength": lambda value: f"Must have at most {_count(value, 'character')}.",
    "minItems": lambda value: f"Must have at least {_count(value, 'item')}.",
    "maxItems": lambda value: f"Must have at most {_count(value, 'item')}.",
    "items": lambda _: "Has more items than are allowed.",
    "uniqueItems": lambda _: "No item may occur twice.",
    "contains": lambda value: f"At least one item must fit {quoted(value)}.",
    "minContains": lambda value: f"At least {_count(value, 'item')} must fit the rule for items.",
    "maxContains": lambda value: f"At most {_count(value, 'item')} may fit the rule for items.",
    "minProperties": lambda value: f"Must have at least {_count(value, 'member')}.",
    "maxProperties": lambda value: f"Must have at most {_count(value, 'member')}.",
    "required": lambda _: "Must be given.",
    "propertyNames": lambda value: f"Every member's name must fit {quoted(value)}.",
    "additionalProperties": lambda _: "No member may be given that the schema does not name.",
    "unevaluatedProperties": lambda _: "No member may be given that the schema does not name.",
    "unevaluatedItems": lambda _: "No item may be given that the schema does not describe.",
    "dependentRequired": _dependencies,
    "dependencies": _dependencies,
    "dependentSchemas": _dependencies,
    "not": lambda value: f"Must not fit {quoted(value)}.",
    "if": lambda value: f"Where it fits {quoted(value)}, further rules apply.",
    "then": lambda value: f"Where the condition holds, it must fit {quoted(value)}.",
    "else": lambda value: f"Where the condition does not hold, it must fit {quoted(value)}.",
    "anyOf": lambda _: "Must fit one of the allowed forms.",
    "oneOf": lambda _: "Must fit exactly one of the allowed forms.",
}


#: Limits that draft 4 makes exclusive by a keyword of their own, beside them.
_EXCLUSIVE: Final = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}


def keyword_meant(keyword: str, schema: Json) -> str:
    """Return the keyword of today that a failed keyword of `schema` means."""
    exclusive = _EXCLUSIVE.get(keyword, "")
    return exclusive if isinstance(schema, dict) and schema.get(exclusive) is True else keyword


def sentence(keyword: str, value: Json) -> str:
    """Return what a keyword of the schema asks for."""
    make = _SENTENCES.get(keyword)
    return make(value) if make else f"Must satisfy the schema's rule `{keyword}`."
