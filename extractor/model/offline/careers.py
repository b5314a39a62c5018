"""One entry of a CV: a post or a course, with its dates, in the usual line or two and some bullets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from extractor.model.offline.letters import LEGAL_FORM

if TYPE_CHECKING:
    from extractor.model.offline.scope import Scope

LABELS = ("employer", "title", "location", "start", "end", "summary", "institution", "degree")

#: Lines of one entry that are no bullets, at most; a longer one is prose.
MOST_HEAD_LINES = 4
_MOMENT = r"(?:[A-Z][a-z]{2,8}\.? |\d{1,2}[/.])?(?:19|20)\d{2}"
_SPAN = re.compile(rf"({_MOMENT})\s*(?:[-\u2013\u2014]+|to|until)\s*({_MOMENT}|[Pp]resent|[Nn]ow|[Cc]urrent|[Tt]oday)")
_PIECES = re.compile(r"\s+[|\u2013\u2014-]\s+|,\s+|\s{2,}|\s+at\s+|\n")
_SCHOOL = re.compile(r"\b(?:university|universit\w+|college|school|institute|academy|hochschule)\b", re.IGNORECASE)


def read(scope: Scope) -> dict[str, list[str]]:
    """Return the parts of the entry; nothing when it names no span of time."""
    head = [line.text for line in scope.lines if not line.is_blank and not line.is_bullet]
    span = _SPAN.search("\n".join(head[:MOST_HEAD_LINES]))
    if span is None or len(head) > MOST_HEAD_LINES:
        return {}
    said = "\n".join(head).replace(span[0], "\n").strip("\n ()|,")
    pieces = [piece.strip(" ()|,") for piece in _PIECES.split(said) if piece.strip(" ()|,")]
    duties = " ".join(line.text for line in scope.lines if line.is_bullet)
    facts = {"start": span[1], "end": span[2], "summary": duties, **_who_and_where(pieces)}
    return {label: [text] for label, text in facts.items() if text}


def _who_and_where(pieces: list[str]) -> dict[str, str]:
    """Tell the house from the post: by its legal form or kind, else the post stands first."""
    if len(pieces) < 2:  # noqa: PLR2004 - one piece alone may be either
        return {}
    school = next((piece for piece in pieces if _SCHOOL.search(piece)), "")
    house = school or next((piece for piece in pieces[:2] if LEGAL_FORM.search(piece)), pieces[1])
    rest = [piece for piece in pieces if piece != house]
    place = rest[1] if len(rest) > 1 else ""
    return {"employer": house, "institution": house, "title": rest[0], "degree": rest[0], "location": place}
