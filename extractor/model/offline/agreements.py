"""What agreements say in sentences: who agrees, from when, for how long, under which law."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from extractor.model.offline.dates import has_date

if TYPE_CHECKING:
    from extractor.model.offline.scope import Scope

LABELS = ("party", "effective date", "term", "jurisdiction", "governing law")

#: Characters at the top in which parties and date are looked for.
_TOP = 12_000
#: Characters that a party needs at least, more than.
SHORTEST_NAME = 3
_LAW = re.compile(
    r"laws?\s+of\s+(?:the\s+)?(?:internal\s+laws\s+of\s+the\s+)?(?:(?:State|Commonwealth|Province|Republic)\s+of\s+)?"
    r"((?:[A-Z][a-z]+)(?:\s+(?:and\s+)?[A-Z][a-z]+){0,2})"
)
_DATED = re.compile(
    r"(?:effective(?:\s+date)?|dated|made|entered\s+into|executed)\s*(?:(?:as\s+of|on|is|by|and|effective|entered|into|this|dated)\s*,?\s*){0,6}([^.;]{6,60})",
    re.IGNORECASE,
)
_TERM = re.compile(
    r"(?:period|term|duration|expire[sd]?|terminate[sd]?|remain|force|survive)[^.;]{0,80}?\b((?:\w+\s)?\(?(\d{1,2})\)?\s*[-\s]?(years?|months?|days?)\b)"
    r"|(?:period|term|duration|expire[sd]?|terminate[sd]?|remain|force|survive)[^.;]{0,80}?\b((?:one|two|three|four|five|ten|twelve|eighteen)\s+(?:years?|months?))",
    re.IGNORECASE,
)
#: Parties of one agreement at most.
MOST_PARTIES = 4
_NEXT_PARTY = re.compile(
    r"(?:\x00|,)\s*(?:on the one hand,?\s*)?and\s+(?=[A-Z0-9])"
    r"|(?<=[a-z.A-Z])\s+and\s+(?=[A-Z][A-Za-z.]+[,\s]+(?:[A-Z]|Inc|a\s))"
)
_BETWEEN = re.compile(r"\bbetween:?\s+", re.IGNORECASE)
_PARTY = re.compile(
    r"((?:[A-Z0-9][\w.&\u2019'\u00a2-]*|of|and|the|&)(?:,?\s+(?:[A-Z][\w.&\u2019'-]*|of|&|and(?=\s+[A-Z][\w-]+\s+(?:Company|Inc|Ltd|Corp|Partners)))){0,7}"
    r"(?:,?\s+(?:Inc|Ltd|LLC|L\.L\.C|L\.P|LLP|Corp|Co|N\.V|B\.V|GmbH|AG|plc)\b\.?)?)"
)


def read(scope: Scope) -> dict[str, list[str]]:
    """Return what the sentences state; facts that none states are left out."""
    text = scope.text
    top = text[:_TOP]
    law = _LAW.search(text)
    return {
        "party": _parties(top),
        "effective date": [match[1] for match in _DATED.finditer(top) if has_date(match[1])][:1],
        "term": _term(text),
        "jurisdiction": [" ".join(law[1].split())] if law else [],
        "governing law": [" ".join(law[0].split())] if law else [],
    }


def _parties(top: str) -> list[str]:
    for start in _BETWEEN.finditer(top):
        clause = " ".join(re.split(r"\.\s*\n|;|WHEREAS|\bwhich\b", top[start.end() : start.end() + 700])[0].split())
        found = [name for part in _sides(clause) if (name := _name(part))]
        if len(found) > 1:
            return found
    return []


def _sides(clause: str) -> list[str]:
    """Split `A, a corporation ("Company"), and B ("Employee")` where a new party begins."""
    return _NEXT_PARTY.split(re.sub(r"\([^()]{0,200}\)", "\x00", clause))[:MOST_PARTIES]


def _name(part: str) -> str:
    match = _PARTY.match(part.strip())
    name = match[1].strip(" ,") if match else ""
    opens_well = name.startswith("The ") or name.split(" ")[0] not in {"the", "of", "and", "Parties"}
    return name if opens_well and len(name) > SHORTEST_NAME else ""


def _term(text: str) -> list[str]:
    match = _TERM.search(text)
    if match is None:
        return []
    if match[2]:
        return [f"{match[2]} {match[3]}"]
    return [" ".join(match[4].split())]
