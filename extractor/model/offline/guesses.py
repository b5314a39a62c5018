"""Values that need no label, because of how they look or where they stand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from extractor.model.offline.coercion import PATTERNS, currency_in, meaning, named_meaning
from extractor.model.offline.dates import clock_in, date_in
from extractor.model.offline.words import words

if TYPE_CHECKING:
    from extractor.model.offline.fields import Field
    from extractor.model.offline.scope import Scope
    from extractor.records import Json

#: Characters in which a value without a label is looked for.
SAMPLE = 20_000
#: Dates that a document of one date can only mean.
_ITS_DATE = frozenset(map(words, ("date", "issue date", "invoice date", "receipt date", "report date")))
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
        return date_in(sample, scope.habits)
    if meant == "time" and words(field.name) == ("time",):
        clock = clock_in(sample)
        return clock[:5] if clock and field.format != "time" else clock
    return None if field.kind != "string" or field.options or meant else _top_line(field, scope, is_part=is_part)


def _top_line(field: Field, scope: Scope, *, is_part: bool) -> str | None:
    """Return the first line for a title, or for a name that it looks like."""
    name = words(field.name)
    first = next((line.text for line in scope.lines if not line.is_blank), "")
    if name == ("title",) and not is_part:
        return first or None
    if name in {("name",), ("full", "name")} and (is_part or _NAME.fullmatch(first)):
        return first or None
    return None
