"""The value of one field, or of a list of scalars, from the labels that fit it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor.model.offline.coercion import coerce, meaning
from extractor.model.offline.entries import list_items, split_list
from extractor.model.offline.headings import KNOWN
from extractor.model.offline.labels import LOWEST
from extractor.model.offline.numbers import NUMBER
from extractor.model.offline.pairs import BELOW, COLON, FREE, labelled
from extractor.model.offline.words import Words, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from extractor.model.offline.fields import Field
    from extractor.model.offline.lines import Line
    from extractor.model.offline.pairs import Pair
    from extractor.model.offline.scope import Scope
    from extractor.records import Json

#: Places looked at for one field at most.
MOST_PLACES = 60
#: A label without a mark must fit at least so well.
CERTAIN = 0.85
#: A line this long, characters, may run on in the next one.
FULL_LINE = 60
#: Lines of one value at most.
MOST_LINES = 12

_PROSE = frozenset(
    ("abstract", "summary", "description", "profile", "statement", "note", "comment", "text", "content", "funding")
)
#: Words of lists whose items hold commas themselves.
_WITH_COMMAS = frozenset({"affiliation", "address", "institution", "certification", "location"})


def value_of(field: Field, labels: Sequence[tuple[float, Words]], scope: Scope) -> Json:
    """Return the value printed for `field`, None when none is."""
    for pair in _places(labels, scope):
        value = _value_at(field, pair, scope)
        if value is not None:
            return value
    return None


def list_of(field: Field, labels: Sequence[tuple[float, Words]], scope: Scope) -> list[Json]:
    """Return the scalars of a list: one per repeated label, between commas, or one per bullet or line."""
    for pair in _places(labels, scope):
        texts = _texts_at(pair, scope, holds_commas=bool(_WITH_COMMAS & {*words(field.name)}))
        values = [coerce(text, field.item, scope.habits) for text in texts] if field.item else []
        if any(value is not None for value in values):
            return [value for value in values if value is not None]
    return []


def _places(labels: Sequence[tuple[float, Words]], scope: Scope) -> Iterator[Pair]:
    """Yield the printed labels that fit, surest first."""
    scored = [
        (fit * pair.surety, -pair.line, number, pair)
        for number, (fit, label) in enumerate(labels[:MOST_PLACES])
        for pair in scope.pairs[label][:MOST_PLACES]
        if (fit >= CERTAIN or pair.surety > BELOW) and fit * pair.surety >= LOWEST
    ]
    scored.sort(key=lambda place: (-place[0], -place[1], place[2]))
    return (place[3] for place in scored[:MOST_PLACES])


def _value_at(field: Field, pair: Pair, scope: Scope) -> Json:
    if pair.surety == FREE and not _is_typed(field, pair.value):
        return None
    if pair.value:
        return coerce(with_continuation(pair, scope), field, scope.habits)
    below = [line for line in scope.below(pair) if not line.is_blank]
    if len(below) > 1 and len(scope.lines[pair.line].segments) > 1 and field.kind != "string":
        return None  # a column of a table, not a value
    if not below or labelled(below[0].text) is not None:
        return None
    return coerce(_text_below(field, below), field, scope.habits)


def _is_typed(field: Field, value: str) -> bool:
    """Whether a value right after a label, with nothing between, can be told from more label."""
    first = value.split(" ", 1)[0]
    if meaning(field) == "code":
        return any(character.isdigit() for character in first)
    if field.kind in {"number", "integer"}:
        return NUMBER.match(value) is not None
    return meaning(field) in {"date", "email", "iban", "doi", "url"}


def with_continuation(pair: Pair, scope: Scope) -> str:
    """Return the value of a label with the lines that it runs on to."""
    line = scope.lines[pair.line]
    parts = [pair.value]
    if pair.surety == FREE or not line.text.endswith(pair.value) or len(line.segments) > 2:  # noqa: PLR2004
        return pair.value
    for following in scope.lines[pair.line + 1 : pair.line + MOST_LINES]:
        if len(line.text) < FULL_LINE or not _runs_on(following):
            break
        parts.append(following.text)
        line = following
    return " ".join(parts)


def _runs_on(line: Line) -> bool:
    return len(line.segments) == 1 and not line.marker and not line.is_row and line.text[0].islower()


def _text_below(field: Field, below: list[Line]) -> str:
    name = words(field.name)
    if "address" in name:
        return join_lines([line.text for line in until_label(below)])
    if field.kind == "string" and not meaning(field) and (_PROSE & set(name) or len(below[0].text) >= FULL_LINE):
        return " ".join(line.text for line in below)
    return below[0].text


def until_label(lines: Sequence[Line]) -> list[Line]:
    """Return the lines before the first that opens with a label."""
    end = next((number for number, line in enumerate(lines) if labelled(line.text) is not None), len(lines))
    return list(lines[:end])


def join_lines(texts: Sequence[str]) -> str:
    """Write the lines of an address as one: separated by a comma unless they bring their own."""
    joined = ""
    for text in texts:
        joined += ("" if not joined else " " if joined.endswith(",") else ", ") + text.strip()
    return joined.rstrip(",")


def _texts_at(pair: Pair, scope: Scope, *, holds_commas: bool) -> list[str]:
    same = [other for other in scope.pairs[pair.label] if other.surety == COLON and other.value]
    if len(same) > 1 and pair in same:
        return [other.value for other in same]
    if pair.surety == FREE:
        return []
    if pair.value:
        return split_list(with_continuation(pair, scope), at_commas=not holds_commas)
    head = scope.lines[pair.line]
    is_heading = pair.column == 0 and not head.is_row and scope.rank(pair.line) != KNOWN
    lines = scope.section(pair) if is_heading else scope.below(pair)
    return list_items(lines, at_commas=not holds_commas)
