"""What a pydantic class says about a record, without quoting it.

The record is validated as JSON text in pydantic's lax mode, because strict mode refuses 1.0 for a whole number, which
JSON Schema accepts. Lax mode takes `true` for 1, which JSON Schema does not: so a record that holds true or false is
validated strictly as well, and of that only refusals of true and false count.

A class's own message may quote the value that it refuses, and so the document. It is passed on only when it holds
no word or number of that value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ValidationError

from extractor.jsontext import dumps, leaves, pointer
from extractor.records import Violation
from extractor.schema.sentences import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.records import Json

#: Characters of a class's own message.
_MAX_MESSAGE: Final = 200
#: Violations reported of one record.
_MAX_VIOLATIONS: Final = 50
#: Error types whose message the author of the class has written.
_AUTHORED: Final = frozenset({"value_error", "assertion_error"})
#: What of pydantic's context is a rule of the class, never a value of the record.
_LIMITS: Final = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "max_digits", "decimal_places")
#: Error types with a sentence of their own. What they name is the class's vocabulary.
_SENTENCES: Final = {
    "missing": "Must be given.",
    "decimal_parsing": "Must be a number: digits with a point before decimals, without separators of thousands.",
    "union_tag_not_found": "Must say by its member {discriminator} which form it has.",
    "union_tag_invalid": "Its member {discriminator} must be one of: {expected_tags}.",
}
#: Refusals in strict mode of what lax mode converts.
_CONVERTING: Final = frozenset({"int_type", "float_type", "decimal_type", "string_type"})
_NOT_BOOLEAN: Final = "Must not be true or false."
_TAG_CONTEXT: Final = ("discriminator", "expected_tags")
_WORD: Final = re.compile(r"\w{3,}|\d+")


def class_violations(record: Json, model_class: type[BaseModel]) -> tuple[Violation, ...]:
    """Return what `model_class` refuses about `record`; nothing when it takes it."""
    text = dumps(record)
    try:
        model_class.model_validate_json(text)
    except ValidationError as error:
        name = model_class.__name__
        details = error.errors(include_url=False)[:_MAX_VIOLATIONS]
        return tuple(dict.fromkeys(_violation(detail, record, name) for detail in details))
    except Exception as error:  # noqa: BLE001 - validators of a class are the caller's code and may raise anything
        says = f"A validator of the class {model_class.__name__} fails on it with {type(error).__name__}."
        return (Violation(at="", rule="class_failed", says=says),)
    return _converted(text, record, model_class) if "true" in text or "false" in text else ()


def _converted(text: str, record: Json, model_class: type[BaseModel]) -> tuple[Violation, ...]:
    """Return where a class that takes the record would make something else of true or false."""
    try:
        model_class.model_validate_json(text, strict=True)
    except ValidationError as error:
        return tuple(
            dict.fromkeys(
                Violation(at=_place(detail["loc"], record), rule="true_is_not_1", says=_NOT_BOOLEAN)
                for detail in error.errors(include_url=False)
                if isinstance(detail["input"], bool) and detail["type"] in _CONVERTING
            )
        )[:_MAX_VIOLATIONS]
    except Exception:  # noqa: BLE001 - as above; what is not strict has been accepted
        return ()
    return ()


def _violation(detail: Any, record: Json, name: str) -> Violation:
    says = _own_message(detail) or _words(detail, name)
    return Violation(at=_place(detail["loc"], record), rule=str(detail["type"]), says=says)


def _words(detail: Any, name: str) -> str:
    context = detail.get("ctx", {})
    limits = [f"{key.replace('_', ' ')} {quoted(context[key])}" for key in _LIMITS if _is_number(context.get(key))]
    fixed = _SENTENCES.get(detail["type"])
    if fixed:
        return fixed.format(**{key: str(context.get(key, ""))[:_MAX_MESSAGE] for key in _TAG_CONTEXT})
    reason = str(detail["type"]).replace("_", " ")
    return f"Does not satisfy the class {name}: {reason}{f' ({chr(44).join(limits)})' if limits else ''}."


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _own_message(detail: Any) -> str:
    """Return the message that the author of the class wrote, "" when there is none or it may quote the value."""
    if detail["type"] not in _AUTHORED or "error" not in detail.get("ctx", {}):
        return ""
    message = " ".join(str(detail["ctx"]["error"]).split())
    if not message or len(message) > _MAX_MESSAGE:
        return ""
    said = {word.casefold() for word in _WORD.findall(message)}
    value = {word.casefold() for text in _texts(detail["input"]) for word in _WORD.findall(text)}
    return "" if said & value else message


def _texts(value: Any) -> list[str]:
    return [str(leaf) for _, leaf in leaves(value) if leaf is not None and not isinstance(leaf, bool)]


def _place(location: Sequence[str | int], record: Json) -> str:
    """Return the pointer of a pydantic location, whose steps also name union branches, which records do not have."""
    path: list[str | int] = []
    value: Any = record
    for index, step in enumerate(location):
        is_member = isinstance(value, dict) and step in value
        is_item = isinstance(value, list) and isinstance(step, int) and step < len(value)
        is_missing = isinstance(value, dict) and isinstance(step, str) and index == len(location) - 1
        if is_member or is_item:
            value = value[step]
        elif not is_missing:
            continue
        path.append(step)
    return pointer(*path)
