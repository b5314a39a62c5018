"""The top of receipts, invoices and letters: who writes, and where they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from extractor.model.offline.pairs import labelled
from extractor.model.offline.values import join_lines

if TYPE_CHECKING:
    from extractor.model.offline.scope import Scope

LABELS = ("company", "address")

#: Lines from the top in which the sender is looked for.
_TOP = 14
#: Characters of a company name at most.
LONGEST_NAME = 70
LEGAL_FORM = re.compile(
    r"\b(?:ltd|limited|inc|llc|llp|plc|gmbh|ag|kg|b\.?v|n\.?v|s\.?a|s\.?r\.?l|sdn\.? ?bhd|s/b|bhd|pty|co|corp"
    r"|corporation|company|enterprise|restaurant|restoran|trading|store|shop|mart|supermarket|cafe|hotel)\b\.?",
    re.IGNORECASE,
)
_REGISTRATION = re.compile(
    r"\s*[(\[]?(?:co\.? ?(?:reg)?\.? ?(?:no)?\.?:? ?)?[A-Z]{0,3}\d{4,}[-\s]?[A-Z]?[)\]]?\s*$", re.IGNORECASE
)
_CONTACT = re.compile(
    r"\b(?:tel|phone|fax|gst|vat|reg|invoice|receipt|date|bill|cash|time|order|table|email|www|http|hotline|customer)\b|@",
    re.IGNORECASE,
)


def read(scope: Scope) -> dict[str, list[str]]:
    """Return the company and its address, as far as the top lines show them."""
    top = [line for line in scope.lines[: 3 * _TOP] if not line.is_blank][:_TOP]
    texts = [line.text for line in top]
    named = next((number for number, text in enumerate(texts[:6]) if _is_company(text)), None)
    if named is None:
        named = next((number for number, text in enumerate(texts[:4]) if _may_name(text)), None)
    if named is None:
        return {}
    if named > 0 and LEGAL_FORM.match(texts[named]) and _may_name(texts[named - 1]):
        whole = f"{texts[named - 1]} {texts[named]}"  # the name runs over two lines
        return {"company": [_REGISTRATION.sub("", whole).strip()], "address": _address(texts[named + 1 :])}
    return {"company": [_REGISTRATION.sub("", texts[named]).strip()], "address": _address(texts[named + 1 :])}


def _is_company(text: str) -> bool:
    return (
        LEGAL_FORM.search(text) is not None
        and len(text) <= LONGEST_NAME
        and labelled(text) is None
        and not (text[0].isdigit() and "," in text)
    )


def _may_name(text: str) -> bool:
    letters = sum(character.isalpha() for character in text)
    return (
        letters > len(text) / 2
        and len(text) <= LONGEST_NAME
        and labelled(text) is None
        and _CONTACT.search(text) is None
    )


def _address(texts: list[str]) -> list[str]:
    """Return the run of lines after the name that look like an address, as one."""
    start = next((number for number, text in enumerate(texts[:5]) if _is_place(text)), None)
    if start is None:
        return []
    run: list[str] = []
    for text in texts[start : start + 5]:
        if (
            _CONTACT.search(text)
            or not any(map(str.isalpha, text))
            or labelled(text) is not None
            or _REGISTRATION.fullmatch(text)
        ):
            break
        run.append(text)
    return [join_lines(run)] if run else []


def _is_place(text: str) -> bool:
    has_digit = any(character.isdigit() for character in text)
    wordy = sum(character.isalpha() for character in text) >= 5  # noqa: PLR2004
    return (
        wordy
        and (has_digit or "," in text)
        and not _CONTACT.search(text)
        and labelled(text) is None
        and not _REGISTRATION.search(text)
    )
