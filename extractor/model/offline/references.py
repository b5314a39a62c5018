"""One bibliographic reference, in the usual styles: APA, Chicago, IEEE, Vancouver."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from extractor.model.offline.coercion import DOI

if TYPE_CHECKING:
    from extractor.model.offline.scope import Scope

LABELS = ("authors", "title", "container", "year", "volume", "pages", "publisher", "doi")

#: Longest text that is one reference, characters.
LONGEST = 1_500
_NUMBERING = re.compile(r"^(?:\s*(?:\[\d{1,4}\]|\d{1,4}\.))+\s*")
_YEAR = re.compile(r"\(?\b((?:1[5-9]|20)\d{2})[a-z]?\b\)?")
_PAGES = re.compile(r"(?:pp?\.?\s*)?\b(\d{1,5}\s?[-\u2013\u2014]+\s?\d{1,5})\b|\bpp?\.\s*(\d{1,5})\b")
_QUOTED = re.compile(r"[\u201c\"\u2018](.{8,300}?)[,.]?[\u201d\"\u2019](?!\w)")
_VOLUME = re.compile(
    r"\b[Vv]ol(?:ume)?\.?\s*(\d{1,4})|(?<=[A-Za-z.,]\s)(\d{1,4}\s?\(\d{1,4}(?:[-\u2013]\d+)?\))"
    r"|,\s*(\d{1,4})(?=[,.:]|\s\()|(?<=[a-z.]\s)(\d{1,4})(?=\s?[:,])"
)
_IMPRINT = re.compile(
    r"(?:[A-Z][\w.]+(?: [A-Z][\w.]+){0,2}(?:, [A-Z][A-Za-z. ]{1,12})?): ([A-Z][^:.\d]{2,80}?)(?=[.,]|$)"
)
_PRESS = re.compile(
    r"((?:[A-Z][\w&.]+ (?:of )?){0,5}"
    r"(?:Press|Publish(?:er|ers|ing)|University|Springer|Wiley|Elsevier|Institute of Technology)(?: of [A-Z]\w+)?)"
)
#: Where the authors end when no year does it: after a full first name, before a title.
_AUTHORS_END = re.compile(r"(?<=[a-z]{2})\. (?=[A-Z0-9\u201c\"])")


def read(scope: Scope) -> dict[str, list[str]]:
    """Return the parts of the reference that the scope holds; nothing when it is too long to be one."""
    text = _NUMBERING.sub("", scope.text[: LONGEST + 1].replace("\n", " "))
    if not text or len(text) > LONGEST:
        return {}
    doi, year = DOI.search(text), _year(text)
    authors, title, rest = _parts(text, year)
    facts = {"authors": authors, "title": title, "year": year[1] if year else "", "doi": doi[0] if doi else ""}
    return {label: [value] for label, value in {**facts, **_source(rest)}.items() if value}


def _year(text: str) -> re.Match[str] | None:
    """Return the year of publication: the one in brackets, else the last."""
    years = list(_YEAR.finditer(text))
    bracketed = [match for match in years if match[0].startswith("(")]
    return next(iter(bracketed or years[-1:]), None)


def _parts(text: str, year: re.Match[str] | None) -> tuple[str, str, str]:
    """Split into authors, title and source."""
    quoted = _QUOTED.search(text)
    if quoted and quoted.start() > 0:
        authors = re.split(r"\([12]", text[: quoted.start()], maxsplit=1)[0]
        return _trimmed(authors), _trimmed(quoted[1]), text[quoted.end() :]
    if year and 2 < year.start() < min(len(text) * 0.7, 400) and len(text) - year.end() > 20:  # noqa: PLR2004
        title, rest = _sentence(text[year.end() :].lstrip(" .,:)"))
        return _trimmed(text[: year.start()]), title, rest
    end = _AUTHORS_END.search(text)
    if end is None:
        return "", "", text
    title, rest = _sentence(text[end.end() :])
    return _trimmed(text[: end.start()]), title, rest


def _sentence(text: str) -> tuple[str, str]:
    """Split at the first full stop that ends a sentence: a space and a capital follow, no initial precedes."""
    for match in re.finditer(r"[.?!]\s+(?=[A-Z\u201c(\[\d])", text[:LONGEST]):
        if not re.search(r"(?:\b[A-Z]|\b(?:vs|Vol|No|ed|eds|St))$", text[: match.start()]):
            return _trimmed(text[: match.start() + (text[match.start()] == "?")]), text[match.end() :]
    return _trimmed(text), ""


def _source(rest: str) -> dict[str, str]:
    bare = _YEAR.sub(" ", rest)
    pages, volume = _PAGES.search(rest), _VOLUME.search(rest)
    press = _IMPRINT.search(rest) or _PRESS.search(rest)
    publisher = press[1].strip() if press else ""
    container = re.match(
        r"\s*(?:In:?\s+|in\s+)?([A-Z][^,.\d(\"\u201d]{2,150}(?:\.\s?[A-Z][a-z]{1,8}){0,3})", rest.lstrip(" ,.;")
    )
    held = _trimmed(container[1]) if container and (pages or volume or not publisher) else ""
    if (
        held == publisher
        or "http" in held.casefold()
        or "thesis" in bare.casefold()
        or "dissertation" in bare.casefold()
    ):
        held = ""
    return {
        "container": held,
        "pages": next((group for group in pages.groups() if group), "") if pages else "",
        "volume": _trimmed(next((group for group in volume.groups() if group), "")) if volume else "",
        "publisher": publisher,
    }


def _trimmed(text: str) -> str:
    return text.strip().strip(" ,.;:(")
