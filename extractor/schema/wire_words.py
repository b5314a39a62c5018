"""Violations as the model that is asked again has to hear them: in the places and the words of the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extractor.records import Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from extractor.schema.pointers import Form, Pointers

#: Words of an object's rules -> those of a list of entries. Longer ones first.
_OF_ENTRIES: Final = {
    "an object": "a list of entries, each with its `key` and `value`",
    "Every member's name": "Every key",
    "members": "entries",
    "No member": "No entry",
    "member": "entry",
}


def in_wire_words(violations: Iterable[Violation], pointers: Pointers) -> tuple[Violation, ...]:
    """Return violations of a record as violations of the answer that `pointers` belong to."""
    return tuple(_told(violation, pointers) for violation in violations)


def _told(violation: Violation, pointers: Pointers) -> Violation:
    form, rest = pointers.form(violation.at)
    says = _WORDS[form](violation.says, rest) if form else violation.says
    return Violation(at=pointers.wire(violation.at), rule=violation.rule, says=says)


def _entries(says: str, rest: str) -> str:
    if rest:
        return f"The entry with the key {rest[1:]!r}: {says}"
    for word, other in _OF_ENTRIES.items():
        says = says.replace(word, other)
    return says


def _text(says: str, rest: str) -> str:
    return f"The JSON in this text, at {rest}: {says}" if rest else f"The JSON in this text: {says}"


def _choice(says: str, _rest: str) -> str:
    return says.replace("one of:", "one of these values, written as JSON text:")


_WORDS: Final[dict[Form, Callable[[str, str], str]]] = {
    "entries": _entries,
    "text": _text,
    "choice of texts": _choice,
}
