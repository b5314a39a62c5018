"""Whether a schema is a schema: the meta-schemas of all drafts, compiled, in front of the library's own check."""

from __future__ import annotations

import re
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from extractor.errors import InvalidSchema
from extractor.jsontext import pointer
from extractor.schema.authority import BASES
from extractor.schema.checks import LANGUAGES
from extractor.schema.keywords import TYPES, draft_of
from extractor.schema.predicates import Language, compiled
from extractor.schema.scopes import LibraryScope
from extractor.schema.sentences import quoted, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jsonschema import ValidationError

    from extractor.records import Json, JsonObject
    from extractor.schema.predicates import Choose, Fits, Place

_IF_OLDER: Final = "state `$schema` if an older draft is meant."
#: Keyword -> the value that people know from elsewhere, the first draft that refuses it, and what to do.
_FAMILIAR: Final[dict[str, tuple[type, int, str]]] = {
    "items": (list, 2020, f"A list of items is `prefixItems` since draft 2020-12; {_IF_OLDER}"),
    "exclusiveMinimum": (bool, 6, f"The limit itself stands here since draft 6; {_IF_OLDER}"),
    "exclusiveMaximum": (bool, 6, f"The limit itself stands here since draft 6; {_IF_OLDER}"),
    "required": (bool, 4, "The names of required members stand in a list beside `properties`."),
}


def check_schema(schema: JsonObject) -> None:
    """Check a schema against the meta-schema of its draft.

    The library needs a millisecond for every five properties, so it is asked only to tell what is wrong.

    Raises:
        InvalidSchema: it is not valid; the message says where, and what would be right there.
        UnsupportedSchema: its draft is unknown.
    """
    draft = draft_of(schema)
    try:
        if not is_accepted(draft)(schema):
            _refuse(schema, draft)
    except RecursionError:
        raise InvalidSchema("The schema is nested too deeply to be checked.") from None


def _refuse(schema: JsonObject, draft: int) -> None:
    """Raise for the fault that stands first in the document: the library's own order changes with the process."""
    cls = BASES[draft]
    validator = cls(cls.META_SCHEMA, format_checker=cls.FORMAT_CHECKER)
    faults = (_deepest(error) for error in validator.iter_errors(schema))
    told = min(faults, key=lambda fault: (_order(fault.absolute_path, schema), _rule(fault, draft)), default=None)
    if told is not None:
        at = pointer(*told.absolute_path)
        raise InvalidSchema(f"The schema is not valid JSON Schema at {at or 'its root'}. {_rule(told, draft)}", at=at)


def _order(path: Iterable[str | int], schema: Json) -> list[int]:
    """Return where a place stands in a document: the number of each step among its neighbours."""
    order = []
    for step in path:
        order.append(step if isinstance(step, int) else list(schema).index(step))
        schema = schema[step]
    return order


@cache
def is_accepted(draft: int) -> Fits:
    """Return a predicate that is true only of schemas that the library's check accepts."""
    cls = BASES[draft]
    spoken = LANGUAGES[draft]
    keywords = {**spoken.keywords, "$dynamicRef": _whole_again, "$recursiveRef": _whole_again}
    checker = cls.FORMAT_CHECKER
    formats = {name: partial(_conforms, checker, name) for name in checker.checkers}
    language = Language(keywords, formats, reference_stands_alone=spoken.reference_stands_alone)
    validator = cls(cls.META_SCHEMA)
    return compiled(cls.META_SCHEMA, language, LibraryScope(lambda: validator)).compiled().fits


def _conforms(checker: Any, name: str, text: str) -> bool:
    return bool(checker.conforms(text, name))


def _whole_again(place: Place, _keyword: str) -> Choose:
    """Compile a reference from a vocabulary to the meta-schema that joins them all: every other one is a part of it."""
    address = place.address.rpartition("/meta/")[0]
    return place.target(f"{address}/schema" if address else "#").__getitem__


def _deepest(error: ValidationError) -> ValidationError:
    """Return the error that is farthest inside where a union of forms fails, such as a schema or a list of them."""
    inside = max(error.context or (), key=lambda inner: len(inner.absolute_path), default=error)
    return _deepest(inside) if len(inside.absolute_path) > len(error.absolute_path) else error


def _rule(error: ValidationError, draft: int) -> str:
    """Return what the meta-schema asks for where `error` is. Of `type` it says so only by reference."""
    keyword = error.absolute_path[-1] if error.absolute_path else ""
    if error.validator == "anyOf" and keyword == "type":
        return f"Must be one of {', '.join(TYPES)}, or a list of some of them."
    if error.validator == "format" and error.validator_value == "regex":
        name = quoted(error.instance) if keyword == "patternProperties" else "it"
        return f"Must be a regular expression, and {name} is none: {_fault_of(str(error.instance))}."
    says = sentence(str(error.validator), error.validator_value)
    kind, since, hint = _FAMILIAR.get(str(keyword), (type(None), 0, ""))
    return f"{says} {hint}" if hint and draft >= since and isinstance(error.instance, kind) else says


def _fault_of(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as fault:
        return str(fault)
    return "it is not understood"
