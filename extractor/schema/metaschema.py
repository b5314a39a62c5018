"""Whether a schema is a schema: the meta-schemas of all drafts, compiled, in front of the library's own check."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

from jsonschema import SchemaError, ValidationError

from extractor.errors import InvalidSchema
from extractor.jsontext import pointer
from extractor.schema.authority import BASES
from extractor.schema.checks import LANGUAGES
from extractor.schema.keywords import TYPES, draft_of
from extractor.schema.predicates import Language, compiled
from extractor.schema.scopes import LibraryScope
from extractor.schema.sentences import sentence

if TYPE_CHECKING:
    from extractor.records import JsonObject
    from extractor.schema.predicates import Choose, Fits, Place


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
            BASES[draft].check_schema(schema)
    except SchemaError as error:
        told = _deepest(error)
        at = pointer(*told.absolute_path)
        raise InvalidSchema(
            f"The schema is not valid JSON Schema at {at or 'its root'}. {_rule(told)}", at=at
        ) from None
    except RecursionError:
        raise InvalidSchema("The schema is nested too deeply to be checked.") from None


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


def _deepest(error: ValidationError | SchemaError) -> ValidationError | SchemaError:
    """Return the error that is farthest inside where a union of forms fails, such as a schema or a list of them."""
    inside = max(error.context or (), key=lambda inner: len(inner.absolute_path), default=error)
    return _deepest(inside) if len(inside.absolute_path) > len(error.absolute_path) else error


def _rule(error: ValidationError | SchemaError) -> str:
    """Return what the meta-schema asks for where `error` is. Of `type` it says so only by reference."""
    if error.validator == "anyOf" and error.absolute_path[-1] == "type":
        return f"Must be one of {', '.join(TYPES)}, or a list of some of them."
    return sentence(str(error.validator), error.validator_value)
