"""Where the values of a nested object are printed: under its heading, behind its name, or in the letterhead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor.model.offline.coercion import EMAIL
from extractor.model.offline.headings import COLON, KNOWN, NONE
from extractor.model.offline.labels import best_labels, wanted
from extractor.model.offline.lines import Line, Segment
from extractor.model.offline.pairs import AMOUNT, BELOW, CLAUSE, labelled
from extractor.model.offline.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.model.offline.fields import Field
    from extractor.model.offline.pairs import Pair
    from extractor.model.offline.scope import Scope
    from extractor.model.offline.words import Words

#: A heading must fit at least so well.
CERTAIN = 0.85
#: Lines of a letterhead at most.
LETTERHEAD = 8
#: Characters by which the lines of one column may stand apart.
SLACK = 3
_ISSUER = words("supplier")


def scope_of(field: Field, scope: Scope, *, siblings: Sequence[Field]) -> Scope:
    """Return the lines that speak of one nested object; `scope` itself when nothing sets them apart."""
    lines = (*_under_heading(field, scope, siblings), *_prefixed(field, scope))
    if lines:
        return scope.part(lines)
    if len(siblings) == 1:
        return scope
    if any(phrase == _ISSUER for phrase, _ in wanted(field).phrases):
        return scope.part((*letterhead(scope.lines), *_prefixed(field, scope)))
    named = any(words(member.name) == ("name",) for member in field.members)
    return scope.part(()) if named else scope


def _prefixed(field: Field, scope: Scope) -> list[Line]:
    """Return `Supplier address: X` as `address: X`, for every label that opens with the name of the object."""
    found: dict[int, Line] = {}
    for phrase, _ in wanted(field).phrases:
        for label in [label for label in scope.pairs if len(label) > len(phrase) and label[: len(phrase)] == phrase]:
            for pair in scope.pairs[label]:
                if pair.value and pair.surety > CLAUSE and pair.surety != AMOUNT:
                    found.setdefault(pair.line, _line(" ".join(label[len(phrase) :]), pair.value))
    return [found[number] for number in sorted(found)]


def _line(label: str, value: str) -> Line:
    text = f"{label}: {value}"
    return Line(text, (Segment(0, len(text), text),))


def _under_heading(field: Field, scope: Scope, siblings: Sequence[Field]) -> tuple[Line, ...]:
    others = [sibling for sibling in siblings if not sibling.is_leaf]
    given = best_labels(others, scope.labels)
    labels = [label for fit, label in given.get(others.index(field), []) if fit >= CERTAIN]
    inner = frozenset(phrase for member in field.members for phrase, _ in wanted(member, field.name).phrases)
    pairs = [pair for label in labels for pair in scope.pairs[label] if pair.surety >= BELOW]
    for pair in sorted(pairs, key=lambda pair: (_strength(pair, scope), pair.line, -pair.surety)):
        lines = _block(pair, scope, inner)
        if lines:
            return lines
    return ()


def _strength(pair: Pair, scope: Scope) -> int:
    """Rank real headings before labels with a value, and those before cells of a table."""
    line = scope.lines[pair.line]
    if len(line.segments) == 1 and not pair.value:
        return scope.rank(pair.line)
    return NONE + (pair.column > 0)


def _block(pair: Pair, scope: Scope, inner: frozenset[Words]) -> tuple[Line, ...]:
    """Return the lines of a block: the rest of the heading's own line, and what stands below it."""
    head = scope.lines[pair.line]
    if not pair.value:
        strength = _strength(pair, scope)
        if strength == COLON:
            return scope.block(pair, inner=inner)
        return scope.section(pair, inner=inner) if strength <= KNOWN else scope.below(pair)
    if pair.surety <= AMOUNT:
        return ()
    if head.is_row:
        return (_line("name", pair.value),)
    first = Line(pair.value, (Segment(0, len(pair.value), pair.value),))
    return (first, *_continuing(scope.lines[pair.line + 1 : pair.line + LETTERHEAD], left=head.segments[-1].start))


def _continuing(lines: tuple[Line, ...], *, left: int) -> tuple[Line, ...]:
    """Return the lines that go on with a block which began beside its label: unlabelled, from the same column on."""
    found: list[Line] = []
    for line in lines:
        if len(line.segments) != 1 or line.segments[0].start < left - SLACK or labelled(line.text):
            break
        found.append(line)
    return tuple(found)


def letterhead(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Return the lines at the top that say who writes: up to the first blank line after a name, or the first label."""
    found: list[Line] = []
    for line in lines[:40]:
        if line.is_blank and len(found) > 1:
            break
        if len(found) == LETTERHEAD:
            break
        if not line.is_blank and not (line.is_row or _is_title(line)):
            left = line.segments[0]
            found.append(Line(left.text, (left,)))
    return tuple(found)


def _is_title(line: Line) -> bool:
    """Whether a top line names the document, not its sender."""
    return words(line.text)[:1] in {("invoice",), ("receipt",), ("bill",), ("tax",)} and EMAIL.search(line.text) is None
