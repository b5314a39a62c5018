"""Hints as values: what is worth a second look in a schema, where, and which option would change it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

#: Places that one hint names; how many more there are is said.
MAX_PLACES: Final = 5
#: Hints of one kind that differ in what they say; the places of the others are in one more.
MAX_HINTS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """An option of an extraction that would make a difference. Each door writes it in its own way."""

    #: Name of the option, as in `Options`.
    option: str
    #: The value to give it.
    value: str
    #: What it then does, such as `asks for them`.
    does: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """One thing worth a second look, and where it is."""

    #: Stable word: `misspelt_keyword`, `unknown_keyword`, `other_draft`, `unknown_member`, `no_value`, `no_members`,
    #: `closed`, `null_and_absent`, `free_form`, `no_description`, `pattern_in_words`, `unchecked_format`,
    #: `idle_format`.
    name: str
    #: One sentence.
    says: str
    #: JSON Pointers, the first few; in a record `*` stands for every item and key.
    at: tuple[str, ...]
    #: How many places there are.
    count: int
    #: What the pointers lead into.
    into: Literal["record", "schema"] = "record"
    #: An option that would change it; None where there is none.
    suggests: Suggestion | None = None


def hint(name: str, says: str, places: Iterable[str], *, suggests: Suggestion | None = None) -> Hint:
    """Return a hint about places of the record."""
    unique = tuple(dict.fromkeys(places))
    return Hint(name=name, says=says, at=unique[:MAX_PLACES], count=len(unique), suggests=suggests)


def hints_by_word(
    name: str,
    places: Mapping[str, list[str]],
    say: Callable[[str], str],
    *,
    into: Literal["record", "schema"] = "record",
) -> list[Hint]:
    """Return a hint for each of the first words, and one for the places of all others.

    Args:
        name: Of the hints.
        places: Word of the schema -> where it stands.
        say: Returns the sentence about a word. It may look for a similar one, so it is asked a few times only.
        into: What the places lead into.
    """
    found = [(say(word), places[word]) for word in islice(places, MAX_HINTS)]
    rest = [at for word in islice(places, MAX_HINTS, None) for at in places[word]]
    if rest:
        found.append(("More of the same kind.", rest))
    return [
        Hint(name=name, says=says, at=tuple(dict.fromkeys(at))[:MAX_PLACES], count=len(set(at)), into=into)
        for says, at in found
    ]
