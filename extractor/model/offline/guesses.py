"""Values that need no label, because of how they look or where they stand."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from extractor.model.offline.coercion import PATTERNS, currency_in, meaning, named_meaning
from extractor.model.offline.dates import clock_in, date_in
from extractor.model.offline.pairs import labelled
from extractor.model.offline.values import join_lines
from extractor.model.offline.words import words

if TYPE_CHECKING:
    from extractor.model.offline.fields import Field
    from extractor.model.offline.scope import Scope
    from extractor.records import Json

#: Characters in which a value without a label is looked for.
SAMPLE = 20_000
#: Lines from the top in which titles, names and addresses are looked for.
TOP = 60
#: Dates that a document of one date can only mean.
_ITS_DATE = frozenset(map(words, ("date", "issue date", "invoice date", "receipt date", "report date")))
_AUTHORS = words("authors")
_CONTACT = re.compile(r"@|\bwww\.|\b(?:tel|phone|fax|vat|tax|reg)\b|\+\d", re.IGNORECASE)
_NAME = re.compile(r"[^\W\d_][\w.'\u2019-]*(?: [^\W\d_][\w.'\u2019-]*){1,5}")


def guess(field: Field, scope: Scope, *, is_part: bool) -> Json:
    """Return what `field` can only be in this scope, None when nothing stands out."""
    meant, sample = meaning(field), scope.text[:SAMPLE]
    if meant in PATTERNS and named_meaning(field):
        match = PATTERNS[meant].search(sample)
        return match[0].strip() if match else None
    if meant == "currency":
        return currency_in(sample, shared="several" not in field.description)
    if meant == "date" and words(field.name) in _ITS_DATE:
        return date_in(_without_named_dates(sample), scope.habits)
    if meant == "time" and words(field.name) == ("time",):
        clock = clock_in(sample)
        return clock[:5] if clock and field.format != "time" else clock
    return None if field.kind != "string" or field.options or meant else _top_line(field, scope, is_part=is_part)


def _without_named_dates(text: str) -> str:
    """Return `text` without the lines that say of which date they speak: `Due date: …`."""
    splits = [(line, labelled(line)) for line in text.split("\n")]
    return "\n".join(line for line, split in splits if split is None or "date" not in words(split[0]))


def _top_line(field: Field, scope: Scope, *, is_part: bool) -> str | None:
    """Return what a title, a name or an address can only be: the line above the authors, or the top of the block."""
    name = words(field.name)
    if name == ("title",) and not is_part:
        return _title(scope)
    free = [line.text for line in scope.lines[:TOP] if not line.is_blank and labelled(line.text) is None]
    if name in {("name",), ("full", "name")} and free and (is_part or _NAME.fullmatch(free[0])):
        return free[0]
    if is_part and name[-1:] == ("address",):
        return _address(scope) or None
    return None


def _address(scope: Scope) -> str:
    """Return the first run of plain lines below the name of a block: no labels, no columns, no contact details."""
    run: list[str] = []
    for line in [line for line in scope.lines[:TOP] if not line.is_blank][1:]:
        is_plain = len(line.segments) == 1 and labelled(line.text) is None and not _CONTACT.search(line.text)
        if run and not is_plain:
            break
        if is_plain:
            run.append(line.text)
    return join_lines(run)


def _title(scope: Scope) -> str | None:
    """Return the line right above the authors, else the first that is no label."""
    lines = [line for line in scope.lines[:TOP] if len(line.segments) == 1]
    for above, line in pairwise(lines):
        split = labelled(line.text)
        if words(split[0] if split else line.text) == _AUTHORS:
            return above.text
    return next((line.text for line in lines if labelled(line.text) is None), None)
